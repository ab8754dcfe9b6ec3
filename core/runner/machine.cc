#include "core/runner/machine.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <initializer_list>

namespace stoker::runner {
namespace {

constexpr const char* kOff = "/usr/local/sbin/stoker-off";

// `arguments` ends with null.
bool run(const char* const* arguments) {
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {0, 1, 2}) ::dup2(null, fd);
    // A login over SSH often has no sbin in its path.
    ::setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    ::execvp(arguments[0], const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool has_own_way() { return ::access(kOff, F_OK) == 0; }

}  // namespace

bool may_power_off() {
  const char* const ask[] = {kOff, "-n", nullptr};
  if (has_own_way()) return run(ask);
  const char* const try_sudo[] = {"sudo", "-n", "true", nullptr};
  return ::geteuid() == 0 || run(try_sudo);
}

bool power_machine_off() {
  const char* const own_way[] = {kOff, nullptr};
  if (has_own_way()) return run(own_way);
  const char* const as_root[] = {"poweroff", nullptr};
  const char* const with_sudo[] = {"sudo", "-n", "poweroff", nullptr};
  return run(::geteuid() == 0 ? as_root : with_sudo);
}

bool end_boot_grace() {
  const char* const flag[] = {"touch", "/run/stoker-armed", nullptr};
  if (has_own_way()) return run(flag);
  constexpr const char* kScript = "touch /run/stoker-armed && shutdown -c";
  const char* const as_root[] = {"sh", "-c", kScript, nullptr};
  const char* const with_sudo[] = {"sudo", "-n", "sh", "-c", kScript, nullptr};
  return run(::geteuid() == 0 ? as_root : with_sudo);
}

}  // namespace stoker::runner
