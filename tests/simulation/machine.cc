#include "tests/simulation/machine.h"

#include <algorithm>

#include "core/remote/digest.h"
#include "core/runner/protocol.h"

namespace stoker::simulation {
namespace {

constexpr const char* kJobFolder = "/home/sim/.stoker/jobs/job";

std::string hash_of(std::string_view bytes) {
  remote::Digest digest;
  digest.add(bytes);
  return digest.hex();
}

uint64_t hash_value(std::string_view bytes) {
  remote::Digest digest;
  digest.add(bytes);
  return digest.value();
}

std::string option(const std::vector<std::string>& words, const std::string& name) {
  const auto at = std::find(words.begin(), words.end(), name);
  return at == words.end() || at + 1 == words.end() ? "" : at[1];
}

// The next `size` bytes of a stream; ok turns false where it ends before.
struct Frames {
  std::string_view rest;
  bool ok = true;

  std::string_view bytes(size_t size) {
    ok &= rest.size() >= size;
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(std::min(size, rest.size()));
    return taken;
  }
  uint64_t number(size_t size) {
    uint64_t value = 0;
    const std::string_view taken = bytes(size);
    for (size_t i = taken.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
    return value;
  }
};

}  // namespace

Machine::Reply Machine::run(const std::vector<std::string>& words, const std::string& input, int64_t now_ms) {
  if (words.size() > 3 && words[1] == "sh") return script(words, input);
  if (words.size() < 3 || words[1] != program_ || program_.empty()) return {127, "", "sh: no such program"};
  const std::string& name = words[2];
  if (name == "have") return have(input);
  if (name == "receive") return receive(input, true);
  if (name == "start") return start(option(words, "--phase"), now_ms);
  if (name == "status") return {0, status(option(words, "--phase"), now_ms), ""};
  if (name == "stop") return stop(now_ms);
  if (name == "manifest") return manifest();
  if (name == "beat" || name == "clean") return {0, "{}\n", ""};
  if (name == "secrets") {
    const auto count = phase("train") ? 0 : std::count(input.begin(), input.end(), '\0');
    if (!phase("train")) has_secrets_ = count > 0;
    return {0, "{\"stored\":" + std::to_string(count) + "}\n", ""};
  }
  if (name == "arm")
    return {0,
            "{\"armed\":true,\"hard_cap_ms\":" + option(words, "--hard-cap-ms") +
                ",\"idle_ms\":" + option(words, "--idle-ms") + ",\"power_off\":true,\"root\":true}\n",
            ""};
  if (name == "send") {
    const auto file = plan_.artifacts.find(option(words, "--path"));
    if (file == plan_.artifacts.end()) return {runner::kExitFailed, "", "stoker-runner: no such file"};
    return {0, file->second.substr(std::min(file->second.size(), std::stoul(option(words, "--from")))), ""};
  }
  return {runner::kExitUsage, "", "stoker-runner: unknown command " + name};
}

// exec sh -c SCRIPT stoker ARGUMENT...: the probe, or the upload of the program.
Machine::Reply Machine::script(const std::vector<std::string>& words, const std::string& input) {
  if (words[3].find("stoker-machine=") != std::string::npos)
    return {0,
            "stoker-machine=x86_64\n" + (program_.empty() ? "" : "stoker-program=" + program_ + "\n") +
                "stoker-job=" + kJobFolder + "\n",
            ""};
  if (words.size() < 8 || std::to_string(input.size()) != words[7]) return {1, "", "damaged"};
  program_ = "/home/sim/.stoker/" + words[6] + "/stoker-runner";
  return {0, "stoker-program=" + program_ + "\n", ""};
}

Machine::Reply Machine::have(const std::string& input) const {
  Reply reply;
  for (size_t at = 0; at < input.size();) {
    const size_t end = input.find('\0', at);
    const std::string path = input.substr(at, end - at);
    const bool whole = files_.contains(path);
    if (whole || parts_.contains(path)) {
      const std::string& bytes = whole ? files_.at(path) : parts_.at(path);
      reply.output += "{\"path\":\"" + path + "\",\"size\":" + std::to_string(bytes.size()) + ",\"xxh3\":\"" +
                      hash_of(bytes) + "\",\"partial\":" + (whole ? "false" : "true") + "}\n";
    }
    at = end + 1;
  }
  return reply;
}

void Machine::receive_part(std::string_view frames) { receive(frames, false); }

Machine::Reply Machine::receive(std::string_view input, bool whole) {
  Frames frames{input};
  if (frames.bytes(6) != runner::kReceiveMagic) return {runner::kExitUsage, "", "stoker-runner: not our stream"};
  size_t count = 0;
  while (frames.ok && frames.number(1) == runner::kFrameFile && frames.ok) {
    const std::string path(frames.bytes(frames.number(2)));
    frames.number(4);
    const uint64_t size = frames.number(8), offset = frames.number(8);
    if (!frames.ok) break;
    std::string& part = parts_[path];
    if (part.size() < offset) return {runner::kExitFailed, "", "stoker-runner: an offset beyond what is there"};
    part.resize(offset);
    part += frames.bytes(size - offset);
    const uint64_t hash = frames.number(8);
    if (!frames.ok) break;
    if (hash != hash_value(part)) {
      parts_.erase(path);
      return {runner::kExitHash, "", "stoker-runner: " + path + " is damaged"};
    }
    files_[path] = part;
    parts_.erase(path);
    ++count;
  }
  if (whole && !frames.ok) return {runner::kExitFailed, "", "stoker-runner: the input ended early"};
  return {0, "{\"files\":" + std::to_string(count) + ",\"bytes\":0}\n", ""};
}

Machine::Reply Machine::start(const std::string& name, int64_t now_ms) {
  if (!files_.contains("spec.json")) return {runner::kExitFailed, "", "stoker-runner: no spec.json"};
  if (phase(name)) return {runner::kExitAlready, status(name, now_ms), ""};
  phases_[name] = {now_ms, 1, std::nullopt};
  if (name == "train") started_with_secrets_ = has_secrets_;
  return {0, status(name, now_ms), ""};
}

Machine::Reply Machine::stop(int64_t now_ms) {
  for (auto& [name, it] : phases_)
    if (!ended(name, now_ms)) it.stopped_ms = now_ms;
  return {0, "{\"stopped\":true}\n", ""};
}

Machine::Reply Machine::manifest() const {
  Reply reply;
  const size_t count = phase("train") ? plan_.artifacts.size() : 0;
  if (count > 0)
    for (const auto& [path, bytes] : plan_.artifacts)
      reply.output += "{\"path\":\"" + path + "\",\"size\":" + std::to_string(bytes.size()) +
                      ",\"mtime_ms\":1,\"xxh3\":\"" + hash_of(bytes) + "\"}\n";
  reply.output += "{\"files\":" + std::to_string(count) + ",\"refused\":0}\n";
  return reply;
}

const Machine::Phase* Machine::phase(const std::string& name) const {
  const auto found = phases_.find(name);
  return found == phases_.end() ? nullptr : &found->second;
}

bool Machine::ended(const std::string& name, int64_t now_ms) const {
  const Phase* it = phase(name);
  return it && (it->stopped_ms || now_ms >= it->began_ms + plan_.phases.at(name).lasts_ms);
}

// What the phase has written by now: its output comes evenly over its time.
std::string Machine::printed(const std::string& name, int64_t now_ms) const {
  const Phase* it = phase(name);
  if (!it) return {};
  const Command& command = plan_.phases.at(name);
  const int64_t until = it->stopped_ms.value_or(now_ms);
  const int64_t ran = std::min(until - it->began_ms, command.lasts_ms);
  if (ran >= command.lasts_ms) return command.output;
  return command.output.substr(
      0, static_cast<size_t>(static_cast<int64_t>(command.output.size()) * ran / command.lasts_ms));
}

std::string Machine::log(int64_t now_ms) const { return printed("setup", now_ms) + printed("train", now_ms); }

std::optional<int64_t> Machine::log_end(const std::string& name, int64_t now_ms) const {
  if (!ended(name, now_ms)) return std::nullopt;
  const size_t setup = printed("setup", now_ms).size();
  return static_cast<int64_t>(name == "setup" ? setup : setup + printed("train", now_ms).size());
}

std::string Machine::status(const std::string& name, int64_t now_ms) const {
  const Phase* it = phase(name);
  if (!it) return "{\"state\":\"absent\",\"log_size\":0}\n";
  std::string json = "{\"state\":\"";
  json += ended(name, now_ms) ? "exited" : "running";
  json += "\",\"pid\":7,\"start_time\":1,\"boot_id\":\"b\"";
  if (const auto end = log_end(name, now_ms)) {
    json += it->stopped_ms ? ",\"exit\":{\"signal\":2}"
                           : ",\"exit\":{\"code\":" + std::to_string(plan_.phases.at(name).code) + "}";
    json += ",\"log_bytes\":" + std::to_string(*end);
  }
  return json + ",\"log_size\":" + std::to_string(log(now_ms).size()) + "}\n";
}

int Machine::runs(const std::string& name) const {
  const Phase* it = phase(name);
  return it ? it->runs : 0;
}

std::optional<int> Machine::exit_code(const std::string& name, int64_t now_ms) const {
  const Phase* it = phase(name);
  if (!it || it->stopped_ms || !ended(name, now_ms)) return std::nullopt;
  return plan_.phases.at(name).code;
}

}  // namespace stoker::simulation
