#include "tests/runner/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace stoker::runner {

std::string program() { return STOKER_BUILD_DIR "/lib/stoker/runner/stoker-runner-x86_64"; }

Child::Child(const std::vector<std::string>& arguments, const std::vector<std::string>& extra_env) {
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) std::abort();
  std::vector<char*> argv, env;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  for (char** e = environ; *e != nullptr; ++e) env.push_back(*e);
  for (const auto& e : extra_env) env.push_back(const_cast<char*>(e.c_str()));
  argv.push_back(nullptr);
  env.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::execve(argv[0], argv.data(), env.data());
    ::_exit(126);
  }
  ::setpgid(pid_, pid_);
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  in_ = in[1], out_ = out[0], err_ = err[0];
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      err_(std::exchange(other.err_, -1)) {}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {in_, out_, err_})
    if (fd >= 0) ::close(fd);
}

void Child::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(in_, bytes.data(), bytes.size());
    if (put <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

void Child::close_input() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
}

bool Child::read(std::string& to, int ms) {
  pollfd file{out_, POLLIN, 0};
  if (::poll(&file, 1, ms) <= 0) return true;
  char buffer[65536];
  const ssize_t got = ::read(out_, buffer, sizeof buffer);
  if (got > 0) to.append(buffer, static_cast<size_t>(got));
  return got > 0;
}

Ran Child::finish(std::string_view input) {
  Ran ran;
  std::thread writer([&] {
    write(input);
    close_input();
  });
  char buffer[65536];
  ssize_t got;
  while ((got = ::read(out_, buffer, sizeof buffer)) > 0) ran.output.append(buffer, static_cast<size_t>(got));
  while ((got = ::read(err_, buffer, sizeof buffer)) > 0) ran.error.append(buffer, static_cast<size_t>(got));
  writer.join();
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  ran.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return ran;
}

void RunnerTest::SetUp() {
  ::signal(SIGPIPE, SIG_IGN);
  char name[] = "/tmp/stoker-runner-test-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  folder_ = name;
  job_ = folder_ / "jobs" / "j1-1";
  std::filesystem::create_directories(job_);
}

void RunnerTest::TearDown() {
  if (std::filesystem::exists(job_)) {
    EXPECT_EQ(run({"clean"}).code, 0);
  }
  std::filesystem::remove_all(folder_);
}

std::vector<std::string> RunnerTest::with_job(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), program());
  arguments.insert(arguments.begin() + 2, {"--job", job_.string()});
  return arguments;
}

Ran RunnerTest::run(std::vector<std::string> arguments, std::string_view input,
                    const std::vector<std::string>& extra_env) {
  return Child(with_job(std::move(arguments)), extra_env).finish(input);
}

void RunnerTest::write_spec(const std::string& train, const std::string& setup) {
  const auto quoted = [](const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return out + '"';
  };
  write_text(job_ / "spec.json", R"({"job":"j1","attempt":1,"phases":{"setup":{"command":)" + quoted(setup) +
                                     R"(},"train":{"command":)" + quoted(train) + R"(}},"env":{"FROM_SPEC":"yes"}})");
}

void RunnerTest::start(const std::string& phase) {
  const Ran ran = run({"start", "--phase", phase});
  ASSERT_EQ(ran.code, 0) << ran.error;
}

std::string RunnerTest::status(const std::string& phase) { return run({"status", "--phase", phase}).output; }

std::string RunnerTest::wait_for_state(const std::string& state, const std::string& phase) {
  std::string last;
  EXPECT_TRUE(wait_until([&] {
    last = status(phase);
    return last.find("\"state\":\"" + state + "\"") != std::string::npos;
  })) << last;
  return last;
}

std::string RunnerTest::log() const { return read_text(job_ / "log"); }

int64_t RunnerTest::number(const std::string& json, const std::string& key) {
  const size_t at = json.find('"' + key + "\":");
  return at == std::string::npos ? -1 : std::atoll(json.c_str() + at + key.size() + 3);
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace stoker::runner
