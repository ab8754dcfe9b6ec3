// stoker-runner: see protocol.h.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "core/runner/arguments.h"
#include "core/runner/clean.h"
#include "core/runner/failure.h"
#include "core/runner/glob.h"
#include "core/runner/machine.h"
#include "core/runner/manifest.h"
#include "core/runner/phase.h"
#include "core/runner/protocol.h"
#include "core/runner/receive.h"
#include "core/runner/secrets.h"
#include "core/runner/stop.h"
#include "core/runner/supervisor.h"
#include "core/runner/tail.h"
#include "core/runner/watchdog.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::runner {
namespace {

#if defined(__aarch64__)
constexpr const char* kArchitecture = "aarch64";
#elif defined(__x86_64__)
constexpr const char* kArchitecture = "x86_64";
#endif

constexpr size_t kListMaxBytes = 64 << 20;
constexpr int64_t kDefaultGraceMs = 30'000;

void print(const std::string& text) { write_all(1, text + '\n', "standard output"); }

int version(const Arguments&) {
  JsonWriter json;
  json.begin_object().member("runner", STOKER_VERSION).member("protocol", kProtocol).member("arch", kArchitecture);
  print(json.end_object().str());
  return 0;
}

int have(const Arguments& arguments) {
  const Descriptor root = open_root(arguments.text("root"));
  write_all(1, list_present(Beneath(root.get()), read_rest(0, kListMaxBytes, "the list of paths")), "standard output");
  return 0;
}

int receive(const Arguments& arguments) {
  const Descriptor root = open_root(arguments.text("root"));
  FrameReader frames([](char* to, size_t size) { return read_some(0, to, size, "standard input"); });
  const Received received = receive_files(Beneath(root.get()), frames);
  JsonWriter json;
  json.begin_object().member("files", static_cast<int64_t>(received.files));
  print(json.member("bytes", static_cast<int64_t>(received.bytes)).end_object().str());
  return 0;
}

int secrets(const Arguments& arguments) {
  const Job job = Job::open(arguments.text("job"));
  const size_t stored = store_secrets(job, read_rest(0, kSecretsMaxBytes, "the secrets"));
  print(JsonWriter().begin_object().member("stored", static_cast<int64_t>(stored)).end_object().str());
  return 0;
}

int start(const Arguments& arguments) {
  const Job job = Job::open(arguments.text("job"));
  const std::string phase = arguments.phase();
  const bool started = start_phase(job, phase);
  print(phase_status(job, phase).json());
  if (!started) throw Failure(kExitAlready, phase + " was started before");
  return 0;
}

int status(const Arguments& arguments) {
  print(phase_status(Job::open(arguments.text("job")), arguments.phase()).json());
  return 0;
}

int tail(const Arguments& arguments) {
  TailOptions options;
  options.phase = arguments.phase();
  options.from = arguments.integer("from");
  options.follow = arguments.has("follow");
  tail_log(Job::open(arguments.text("job")), options);
  return 0;
}

int stop(const Arguments& arguments) {
  const bool stopped = stop_job(Job::open(arguments.text("job")), arguments.integer("grace-ms", kDefaultGraceMs));
  print(JsonWriter().begin_object().member("stopped", stopped).end_object().str());
  return 0;
}

int manifest(const Arguments& arguments) {
  const Job job = Job::open(arguments.text("job"));
  const auto patterns = parse_patterns(read_rest(0, kListMaxBytes, "the patterns"));
  write_manifest(job, patterns, print);
  return 0;
}

int send(const Arguments& arguments) {
  send_file(Job::open(arguments.text("job")), arguments.text("path"), arguments.integer("from"), 1);
  return 0;
}

int arm(const Arguments& arguments) {
  Arming wanted;
  wanted.hard_cap_ms = arguments.integer("hard-cap-ms");
  wanted.idle_ms = arguments.integer("idle-ms");
  wanted.power_off = arguments.integer("power-off") != 0;
  if (wanted.hard_cap_ms == 0) throw Failure(kExitUsage, "arm: --hard-cap-ms is 0");
  if (wanted.power_off && std::getenv("STOKER_INSTANCE") != nullptr)
    throw Failure(kExitFailed, "arm: power-off refused: STOKER_INSTANCE is set, this machine is the user's own");
  const bool root = wanted.power_off ? may_power_off() : ::geteuid() == 0;
  const Arming armed = arm_watchdog(Job::open(arguments.text("job")), wanted, {power_machine_off});
  if (wanted.power_off && root && !end_boot_grace())
    throw Failure(kExitFailed, "arm: the boot grace can not be called off: `shutdown -c` failed");
  JsonWriter json;
  json.begin_object().member("armed", true).member("hard_cap_ms", armed.hard_cap_ms).member("idle_ms", armed.idle_ms);
  print(json.member("power_off", armed.power_off).member("root", root).end_object().str());
  return 0;
}

int beat(const Arguments& arguments) {
  touch_beat(Job::open(arguments.text("job")));
  print("{}");
  return 0;
}

int clean(const Arguments& arguments) {
  const std::string& folder = arguments.text("job");
  struct stat info{};
  const bool absent = ::lstat(folder.c_str(), &info) != 0 && errno == ENOENT;
  if (!absent) clean_job(Job::open(folder));
  print("{}");
  return 0;
}

struct Command {
  const char* name;
  int (*run)(const Arguments&);
};
constexpr Command kCommands[] = {
    {"version", version}, {"have", have}, {"receive", receive}, {"secrets", secrets},   {"start", start},
    {"status", status},   {"tail", tail}, {"stop", stop},       {"manifest", manifest}, {"send", send},
    {"arm", arm},         {"beat", beat}, {"clean", clean},
};

int run(int count, const char* const* values) {
  const Arguments arguments(count, values);
  for (const auto& command : kCommands)
    if (arguments.command() == command.name) return command.run(arguments);
  throw Failure(kExitUsage, "unknown command " + arguments.command());
}

}  // namespace
}  // namespace stoker::runner

int main(int count, char** values) {
  using stoker::runner::Failure;
  ::signal(SIGPIPE, SIG_IGN);
  int code = stoker::runner::kExitFailed;
  std::string message;
  try {
    return stoker::runner::run(count, values);
  } catch (const Failure& e) {
    code = e.exit_code;
    message = e.what();
  } catch (const std::exception& e) {
    message = e.what();
  }
  for (char& c : message)
    if (c == '\n' || c == '\r') c = ' ';
  std::fprintf(stderr, "stoker-runner: %s\n", message.c_str());
  return code;
}
