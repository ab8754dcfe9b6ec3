#include "core/runner/command.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <set>

#include "core/runner/failure.h"
#include "core/runner/secrets.h"

namespace stoker::runner {
namespace {

constexpr int kExitNotRun = 127;

void attach_log(const Job& job) {
  const Descriptor null = open_at(AT_FDCWD, "/dev/null", O_RDONLY);
  const Descriptor log = open_at(job.dir.get(), "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  if (!null || !log || ::dup2(null.get(), 0) < 0 || ::dup2(log.get(), 1) < 0 || ::dup2(log.get(), 2) < 0)
    throw system_failure("open the log");
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void execute(const std::string& command, const std::vector<std::string>& environment) {
  std::vector<char*> env;
  for (const auto& entry : environment) env.push_back(const_cast<char*>(entry.c_str()));
  env.push_back(nullptr);
  for (const char* shell : {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh"}) {
    const char* const arguments[] = {shell, "-c", command.c_str(), nullptr};
    ::execve(shell, const_cast<char* const*>(arguments), env.data());
    if (errno != ENOENT) throw system_failure(std::string("run ") + shell);
  }
  throw system_failure("run bash or sh");
}

}  // namespace

std::vector<std::string> command_environment(const Job& job, const Spec& spec, const std::vector<std::string>& secrets,
                                             const char* const* inherited) {
  std::vector<std::string> environment;
  std::set<std::string, std::less<>> names{"SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY"};
  const auto add = [&](std::string entry) {
    if (names.insert(entry.substr(0, entry.find('='))).second) environment.push_back(std::move(entry));
  };
  add(job.mark());
  add("STOKER_JOB_ID=" + spec.job);
  add("STOKER_ATTEMPT=" + std::to_string(spec.attempt));
  add("STOKER_ARTIFACTS=" + job.folder + "/artifacts");
  for (const auto& secret : secrets) add(secret);
  for (const auto& [name, value] : spec.env) add(name + '=' + value);
  // Python holds back what it prints to a file: records would come hundreds of steps late.
  add("PYTHONUNBUFFERED=1");
  for (; *inherited != nullptr; ++inherited) add(*inherited);
  return environment;
}

void become_command(const Job& job, const Spec& spec, const std::string& phase, int gate) {
  char go;
  if (::setsid() < 0 || ::read(gate, &go, 1) != 1) ::_exit(kExitNotRun);
  try {
    attach_log(job);
    reset_signals();
    const auto environment = command_environment(job, spec, load_secrets(job), environ);
    if (phase == "train") remove_secrets(job);
    if (::fchdir(job.dir.get()) != 0 || ::chdir("work") != 0) throw system_failure("enter work");
    execute(spec.commands.at(phase), environment);
  } catch (const std::exception& e) {
    const std::string line = std::string("stoker-runner: ") + e.what() + "\n";
    (void)!::write(2, line.data(), line.size());
  }
  ::_exit(kExitNotRun);
}

}  // namespace stoker::runner
