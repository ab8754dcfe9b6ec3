// bench-remote PORT USER KEY HOST_KEY RUNNERS COMMAND: times core/remote against the sshd on 127.0.0.1:PORT; prints
// milliseconds, one a line.
//   cold N           connect, log in, run `true`, disconnect
//   warm N           run `true` on one session
//   upload N FOLDER  connect, put the runner in place and upload the folder, into a new job folder each time
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>

#include "core/clock.h"
#include "core/private_file.h"
#include "core/remote/libssh2_session.h"
#include "core/remote/runner_client.h"
#include "tests/bench/stamped_line.h"

namespace stoker::bench {
namespace {

namespace fs = std::filesystem;

void time_each(int repeats, const std::function<void()>& step) {
  for (int i = 0; i < repeats; ++i) {
    const int64_t begin = mono_ns();
    step();
    std::printf("%.3f\n", static_cast<double>(mono_ns() - begin) / 1e6);
  }
}

void run_true(remote::Session& session, const Wait& wait) {
  remote::Exec exec;
  exec.command = "true";
  if (session.exec(exec, wait).exit_code != 0) throw std::runtime_error("`true` failed");
}

std::vector<remote::UploadFile> files_of(const fs::path& folder) {
  std::vector<remote::UploadFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files.push_back({"work/" + entry.path().lexically_relative(folder).string(), entry.path(), std::nullopt, false});
  return files;
}

int run(int argc, char** argv) {
  if (argc < 8) throw std::invalid_argument("arguments: PORT USER KEY HOST_KEY RUNNERS cold|warm|upload N [FOLDER]");
  SystemClock clock;
  remote::LibsshConnector connector(clock);
  const remote::Target target{"127.0.0.1", static_cast<uint16_t>(std::atoi(argv[1])), argv[2],
                              read_file(argv[3], 1 << 16), read_file(argv[4], 1 << 16)};
  const Wait wait{{}, clock.mono_ms() + 5 * kMinute};
  const std::string what = argv[6];
  const int repeats = std::atoi(argv[7]);
  if (what == "cold") {
    time_each(repeats, [&] { run_true(*connector.connect(target, wait), wait); });
  } else if (what == "warm") {
    const auto session = connector.connect(target, wait);
    time_each(repeats, [&] { run_true(*session, wait); });
  } else if (what == "upload" && argc == 9) {
    int job = 0;
    time_each(repeats, [&] {
      const auto session = connector.connect(target, wait);
      remote::RunnerClient runner(*session, argv[5], std::to_string(::getpid()) + "-" + std::to_string(++job));
      runner.install(wait);
      runner.upload(files_of(argv[8]), nullptr, wait);
    });
  } else {
    throw std::invalid_argument("unknown command " + what);
  }
  return 0;
}

}  // namespace
}  // namespace stoker::bench

int main(int argc, char** argv) {
  try {
    return stoker::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-remote: %s\n", error.what());
    return 1;
  }
}
