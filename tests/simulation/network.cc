#include "tests/simulation/network.h"

#include <algorithm>

#include "core/runner/protocol.h"

namespace stoker::simulation {
namespace {

constexpr size_t kPiece = 2048;  // of a file on its way home

// As a POSIX shell splits a line of bare and single-quoted words.
std::vector<std::string> split(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, any = false;
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\'') {
      quoted = !quoted, any = true;
    } else if (!quoted && c == '\\' && i + 1 < command.size()) {
      word += command[++i];
    } else if (!quoted && c == ' ') {
      if (any || !word.empty()) words.push_back(word);
      word.clear(), any = false;
    } else {
      word += c;
    }
  }
  if (any || !word.empty()) words.push_back(word);
  return words;
}

std::string little_endian(uint64_t value, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
  return bytes;
}

std::string frame(uint8_t type, const std::string& payload) {
  return static_cast<char>(type) + little_endian(payload.size(), 4) + payload;
}

class Session final : public remote::Session {
 public:
  Session(Network& network, std::string host) : network_(network), host_(std::move(host)) {}

  remote::ExecResult exec(const remote::Exec& exec, const Wait& wait) override {
    if (dead_) throw Error(Fault::internal, "a dead session was used again");
    try {
      return run(exec, wait);
    } catch (...) {
      dead_ = true;
      throw;
    }
  }

 private:
  Machine& machine() { return network_.machines.at(host_); }
  int64_t now() { return network_.scheduler().mono_ms(); }

  remote::ExecResult run(const remote::Exec& exec, const Wait& wait) {
    network_.scheduler().check(wait, "running a command");
    const std::vector<std::string> words = split(exec.command);
    if (words.size() > 2 && words[2] == "tail") return tail(words, exec, wait);
    const std::string input = read_input(words, exec);
    network_.travel(host_);
    const Machine::Reply reply = machine().run(words, input, now());
    if (words.size() > 2 && words[2] == "send")
      send_file(exec, reply.output, wait);
    else
      send(exec, reply.output);
    return {reply.exit_code, "", reply.error};
  }

  // A connection that breaks on the way leaves what had come.
  std::string read_input(const std::vector<std::string>& words, const remote::Exec& exec) {
    std::string input;
    if (!exec.input) return input;
    char buffer[4096];
    while (const size_t size = exec.input(buffer, 1 + network_.scheduler().random()() % sizeof buffer)) {
      input.append(buffer, size);
      try {
        network_.travel(host_);
      } catch (const Error&) {
        if (words.size() > 2 && words[2] == "receive") machine().receive_part(input);
        throw;
      }
    }
    return input;
  }

  void send_file(const remote::Exec& exec, std::string_view bytes, const Wait& wait) {
    for (bool wanted = true; wanted && !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPiece))) {
      network_.scheduler().sleep(network_.traits.piece_ms, wait);
      network_.scheduler().check(wait, "fetching a file");
      wanted = send(exec, bytes.substr(0, kPiece));
    }
  }

  bool send(const remote::Exec& exec, std::string_view bytes) {
    while (!bytes.empty()) {
      network_.travel(host_);
      const size_t size = std::min<size_t>(bytes.size(), 1 + network_.scheduler().random()() % 4096);
      if (exec.output && !exec.output(bytes.substr(0, size))) return false;
      bytes.remove_prefix(size);
    }
    network_.travel(host_);
    return true;
  }

  remote::ExecResult tail(const std::vector<std::string>& words, const remote::Exec& exec, const Wait& wait) {
    std::string phase;
    size_t at = 0;
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "--phase") phase = words[i + 1];
      if (words[i] == "--from") at = std::stoul(words[i + 1]);
    }
    for (;;) {
      network_.travel(host_);
      const auto end = machine().log_end(phase, now());
      const std::string log = machine().log(now());
      const size_t limit = end ? static_cast<size_t>(*end) : log.size();
      while (at < limit) {
        const size_t size = std::min<size_t>(limit - at, 1 + network_.scheduler().random()() % 2000);
        if (!send(exec, frame(runner::kTailData, little_endian(at, 8) + log.substr(at, size)))) return {};
        at += size;
      }
      if (end) {
        send(exec, frame(runner::kTailExit, machine().status(phase, now())));
        return {0, "", ""};
      }
      const int64_t pause = 200 + static_cast<int64_t>(network_.scheduler().random()() % 4000);
      network_.scheduler().sleep(pause, wait);
      network_.scheduler().check(wait, "following the log");
      if (!send(exec, frame(runner::kTailBeat, ""))) return {};
      if (exec.tick && !exec.tick()) return {};
    }
  }

  Network& network_;
  std::string host_;
  bool dead_ = false;  // after any fault
};

}  // namespace

void Network::travel(const std::string& host) {
  scheduler_.step();
  const int64_t now = scheduler_.mono_ms();
  const bool down = now >= traits.down_from_ms && now < traits.down_to_ms;
  const bool drop = faults_on && static_cast<int>(scheduler_.random()() % 100) < traits.drop_percent;
  if (down || drop || !cloud_.runs(host)) throw Error(Fault::unavailable, "the connection to " + host + " was lost");
}

std::unique_ptr<remote::Session> Network::connect(const remote::Target& target, const Wait& wait) {
  scheduler_.sleep(100, wait);
  scheduler_.check(wait, "connecting");
  travel(target.host);
  if (target.host_public_key.empty() || target.private_key.empty())
    throw Error(Fault::internal, "no key to connect by");
  if (scheduler_.mono_ms() < cloud_.booted_ms(target.host) + traits.key_after_ms)
    throw Error(Fault::auth, "the key is refused by " + target.host);
  machines.try_emplace(target.host, plan);
  return std::make_unique<Session>(*this, target.host);
}

}  // namespace stoker::simulation
