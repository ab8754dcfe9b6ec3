#include "core/remote/runner_client.h"

#include <algorithm>

#include "core/remote/part_file.h"
#include "core/remote/reply.h"
#include "core/remote/runner_program.h"
#include "core/remote/shell_words.h"
#include "core/remote/tail_frames.h"
#include "core/remote/upload_stream.h"
#include "core/runner/protocol.h"
#include "core/utf8.h"

namespace stoker::remote {
namespace {

constexpr int64_t kTickMs = 1000;
constexpr int64_t kSilentMs = 20'000;    // four beats missed: the network or the runner is gone
constexpr int64_t kStalledMs = kMinute;  // a disk that is asleep wakes up sooner
constexpr size_t kMaxLine = 500;

// The last line of standard error, fit to be shown.
std::string last_line(std::string_view text) {
  const size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const size_t begin = text.find_last_of("\r\n");
  if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
  std::string line = to_utf8(text.substr(0, kMaxLine));
  std::ranges::replace_if(line, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, ' ');
  return line;
}

Error failure_of(const ExecResult& end, const std::string& doing) {
  std::string message = last_line(end.error_tail);
  if (!end.exit_signal.empty())
    return {Fault::unavailable, "stoker-runner " + doing + " was killed by SIG" + last_line(end.exit_signal)};
  if (message.empty()) message = "stoker-runner " + doing + " ended with exit code " + std::to_string(end.exit_code);
  switch (end.exit_code) {
    case runner::kExitDiskFull:
      return {Fault::unavailable, message, "choose a machine with a larger disk"};
    case runner::kExitHash:
      return {Fault::unavailable, message};
    case runner::kExitUnsafePath:
      return {Fault::invalid, message};
    case runner::kExitAlready:
      return {Fault::conflict, message};
    default:
      return {Fault::internal, message};
  }
}

// One string as the whole input of a command.
std::function<size_t(char*, size_t)> input_of(const std::string& text) {
  return [&text, at = size_t{0}](char* to, size_t size) mutable {
    const size_t count = text.copy(to, size, at);
    return at += count, count;
  };
}

std::string phase_argument(std::string_view phase) { return " --phase " + shell_quote(phase); }

}  // namespace

struct RunnerClient::Reply {
  ExecResult end;
  std::string text;
};

RunnerClient::RunnerClient(Session& session, std::filesystem::path runners, std::string job_folder)
    : session_(session), runners_(std::move(runners)), job_folder_(std::move(job_folder)) {
  if (!is_safe_path(job_folder_) || job_folder_.find('/') != std::string::npos)
    throw Error(Fault::invalid, "not a name for a job folder: " + job_folder_);
}

void RunnerClient::install(const Wait& wait) {
  InstalledRunner installed = install_runner(session_, runners_, job_folder_, wait);
  program_ = std::move(installed.program);
  job_path_ = std::move(installed.job_path);
}

RunnerClient::Reply RunnerClient::call(const std::string& arguments, const std::function<size_t(char*, size_t)>& input,
                                       const Wait& wait, const std::function<void()>& waiting) {
  const std::string name = arguments.substr(0, arguments.find(' '));
  const size_t limit = name == "have" || name == "manifest" ? kMaxList : kMaxReply;
  Reply reply;
  bool too_long = false;
  Exec exec;
  exec.command = "exec " + shell_quote(program_) + " " + arguments;
  exec.input = input;
  exec.output = [&](std::string_view bytes) {
    if (bytes.size() > limit - reply.text.size()) return too_long = true, false;
    return reply.text.append(bytes), true;
  };
  exec.tick_ms = kTickMs;
  if (waiting) exec.tick = [&] { return waiting(), true; };
  reply.end = session_.exec(exec, wait);
  if (too_long)
    throw Error(Fault::unavailable, "stoker-runner " + name + " answers more than " + std::to_string(limit) + " bytes");
  if (!reply.end.exit_signal.empty() || (reply.end.exit_code != 0 && reply.end.exit_code != runner::kExitAlready))
    throw failure_of(reply.end, name);
  // A server that hides how a command ended looks like success; the answer is the proof.
  if (reply.text.empty() && name != "have")
    throw Error(Fault::unavailable, "stoker-runner " + name + " gave no answer");
  return reply;
}

void RunnerClient::upload(const std::vector<UploadFile>& files, const std::function<void(int64_t, int64_t)>& progress,
                          const Wait& wait) {
  std::string paths;
  for (const UploadFile& file : files) paths.append(file.path).push_back('\0');
  const std::string root = " --root " + shell_quote(job_path_);
  const Reply present = call("have" + root, input_of(paths), wait);
  UploadStream stream(files, parse_present(present.text), progress);
  if (stream.files_to_send() == 0) return;
  const Reply reply = call("receive" + root, [&](char* to, size_t size) { return stream.read(to, size); }, wait);
  if (parse_count(reply.text, "files") != static_cast<int64_t>(stream.files_to_send()))
    throw Error(Fault::unavailable, "stoker-runner receive took another number of files than were sent");
}

void RunnerClient::put_secrets(const std::vector<std::pair<std::string, std::string>>& secrets, const Wait& wait) {
  std::string entries;
  for (const auto& [name, value] : secrets) {
    if (name.empty() || name.find('=') != std::string::npos || (name + value).find('\0') != std::string::npos)
      throw Error(Fault::invalid, "a secret with a name or value that no environment can hold: " + name);
    entries.append(name).append("=").append(value).push_back('\0');
  }
  const Reply reply = call("secrets --job " + shell_quote(job_path_), input_of(entries), wait);
  if (parse_count(reply.text, "stored") != static_cast<int64_t>(secrets.size()))
    throw Error(Fault::unavailable, "stoker-runner stored another number of secrets than were sent");
}

PhaseStatus RunnerClient::start(std::string_view phase, const Wait& wait) {
  return parse_status(call("start --job " + shell_quote(job_path_) + phase_argument(phase), nullptr, wait).text);
}

PhaseStatus RunnerClient::status(std::string_view phase, const Wait& wait) {
  return parse_status(call("status --job " + shell_quote(job_path_) + phase_argument(phase), nullptr, wait).text);
}

std::optional<PhaseStatus> RunnerClient::follow(std::string_view phase, int64_t offset, const FollowSink& sink,
                                                const Wait& wait) {
  std::optional<PhaseStatus> ended;
  bool wanted = true;
  int64_t expected = offset, silent_ms = 0;
  const auto gap = [&](int64_t from, int64_t to) {
    if (sink.gap) sink.gap(from, to);
    expected = std::max(expected, to);
  };
  TailFrames frames({.data =
                         [&](int64_t at, std::string_view bytes) {
                           if (at > expected) gap(expected, at);
                           if (!wanted || at + static_cast<int64_t>(bytes.size()) <= expected) return;
                           bytes.remove_prefix(static_cast<size_t>(expected - at));
                           wanted = sink.data(expected, bytes);
                           expected += static_cast<int64_t>(bytes.size());
                         },
                     .gap = gap,
                     .exit = [&](std::string_view json) { ended = parse_status(json); }});
  Exec exec;
  exec.command = "exec " + shell_quote(program_) + " tail --job " + shell_quote(job_path_) + phase_argument(phase) +
                 " --from " + std::to_string(offset) + " --follow";
  exec.hold_input = true;  // its end would tell the runner that nobody listens
  exec.output = [&](std::string_view bytes) {
    silent_ms = 0;
    frames.feed(bytes);
    if (sink.tick && !sink.tick()) wanted = false;
    return wanted;
  };
  exec.tick_ms = kTickMs;
  exec.tick = [&] {
    silent_ms += kTickMs;
    if (sink.tick && !sink.tick()) wanted = false;
    return wanted && silent_ms < kSilentMs;
  };
  const ExecResult end = session_.exec(exec, wait);
  if (!wanted) return std::nullopt;
  if (ended) return ended;
  if (silent_ms >= kSilentMs)
    throw Error(Fault::unavailable, "no sign of life from stoker-runner for 20 s while following the log");
  if (end.exit_code != 0 || !end.exit_signal.empty()) throw failure_of(end, "tail");
  throw Error(Fault::unavailable, "stoker-runner ended the log before the phase had ended");
}

void RunnerClient::stop(int64_t grace_ms, const Wait& wait) {
  call("stop --job " + shell_quote(job_path_) + " --grace-ms " + std::to_string(grace_ms), nullptr, wait);
}

std::vector<ManifestEntry> RunnerClient::manifest(const std::vector<std::string>& patterns, size_t& refused,
                                                  const std::function<void()>& waiting, const Wait& wait) {
  std::string list;
  for (const std::string& pattern : patterns) list.append(pattern).push_back('\0');
  return parse_manifest(call("manifest --job " + shell_quote(job_path_), input_of(list), wait, waiting).text, refused);
}

void RunnerClient::fetch(const ManifestEntry& entry, const std::filesystem::path& local, const FetchSink& sink,
                         const Wait& wait) {
  if (!is_safe_path(entry.path)) throw Error(Fault::invalid, "refused to fetch an unsafe name: " + entry.path);
  PartFile part(local, entry.size);
  // What the file grew by since it was listed is left. A begin from an earlier attempt may be of another version of the
  // file: then once more from the start.
  for (bool resumed = part.size() > 0;; resumed = false) {
    bool grew = false;
    int64_t silent_ms = 0;
    Exec exec;
    exec.command = "exec " + shell_quote(program_) + " send --job " + shell_quote(job_path_) + " --path " +
                   shell_quote(entry.path) + " --from " + std::to_string(part.size());
    exec.output = [&](std::string_view bytes) {
      const auto left = static_cast<size_t>(entry.size - part.size());
      grew = bytes.size() > left;
      if (!part.append(bytes.substr(0, left)) || grew) return false;
      silent_ms = 0;
      if (sink.arriving) sink.arriving();
      return true;
    };
    exec.tick_ms = kTickMs;
    exec.tick = [&] {
      if (sink.waiting) sink.waiting();
      return (silent_ms += kTickMs) < kStalledMs;
    };
    ExecResult end{0, {}, {}};
    if (part.size() < entry.size || entry.size == 0) end = session_.exec(exec, wait);
    if (silent_ms >= kStalledMs) throw Error(Fault::unavailable, "nothing came of " + entry.path + " for a minute");
    if (!grew && (end.exit_code != 0 || !end.exit_signal.empty())) throw failure_of(end, "send");
    if (part.publish(entry.xxh3)) return;
    if (!grew && part.size() > 0)
      throw Error(Fault::unavailable, entry.path + " came short: " + std::to_string(part.size()) + " of " +
                                          std::to_string(entry.size) + " bytes");
    part.discard();
    if (!resumed) throw Error(Fault::conflict, entry.path + " changed on the machine since it was listed");
  }
}

Armed RunnerClient::arm(int64_t hard_cap_ms, int64_t idle_ms, bool power_off, const Wait& wait) {
  return parse_armed(call("arm --job " + shell_quote(job_path_) + " --hard-cap-ms " + std::to_string(hard_cap_ms) +
                              " --idle-ms " + std::to_string(idle_ms) + " --power-off " + (power_off ? "1" : "0"),
                          nullptr, wait)
                         .text);
}

void RunnerClient::beat(const Wait& wait) { call("beat --job " + shell_quote(job_path_), nullptr, wait); }

void RunnerClient::clean(const Wait& wait) { call("clean --job " + shell_quote(job_path_), nullptr, wait); }

void RunnerClient::clean_others(const std::vector<std::string>& job_folders, const Wait& wait) {
  const std::string root = job_path_.substr(0, job_path_.find_last_of('/') + 1);
  for (const std::string& folder : job_folders) call("clean --job " + shell_quote(root + folder), nullptr, wait);
}

}  // namespace stoker::remote
