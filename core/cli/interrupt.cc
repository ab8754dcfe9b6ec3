#include "core/cli/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <termios.h>
#include <unistd.h>

#include <cctype>
#include <ctime>

namespace stoker::cli {
namespace {

// The terminal gives each key as it is pressed, without echo. Ctrl-C stays a signal.
class SingleKeys {
 public:
  SingleKeys() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!changed_) return;
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
  ~SingleKeys() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  SingleKeys(const SingleKeys&) = delete;
  SingleKeys& operator=(const SingleKeys&) = delete;

 private:
  termios before_{};
  bool changed_;
};

}  // namespace

Interrupts::Interrupts(std::initializer_list<int> signals) {
  ::sigemptyset(&set_);
  for (const int signal : signals) ::sigaddset(&set_, signal);
  ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

Interrupts::~Interrupts() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupts::taken() const {
  const timespec now{};
  return ::sigtimedwait(&set_, nullptr, &now) > 0;
}

std::optional<char> Interrupts::ask() const {
  const SingleKeys keys;
  for (;;) {
    if (taken()) return std::nullopt;
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, 100) <= 0) continue;
    char c = 0;
    if (::read(STDIN_FILENO, &c, 1) != 1) return std::nullopt;
    if (std::isspace(static_cast<unsigned char>(c)) == 0)
      return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
}

}  // namespace stoker::cli
