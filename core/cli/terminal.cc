#include "core/cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "core/cli/interrupt.h"
#include "core/cli/plain_text.h"
#include "core/error.h"

namespace stoker::cli {
namespace {

constexpr size_t kMaxLine = 4095;  // the kernel drops what is typed beyond that

// What would end the process while the terminal is not as it was. Whoever makes it looks at it several times a second.
Interrupts all_interrupts() { return Interrupts({SIGINT, SIGTERM, SIGHUP, SIGQUIT}); }

// Nothing is shown but the end of the line, and Ctrl-Z can't leave the shell in that state.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) throw system_error("can not read the settings of the terminal", errno);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ECHONL;
    silent.c_cc[VSUSP] = _POSIX_VDISABLE;
    if (::tcsetattr(fd_, TCSAFLUSH, &silent) != 0) throw system_error("can not keep the terminal from echoing", errno);
  }
  // What was pasted behind the first line is thrown away, not handed to the shell.
  ~NoEcho() { ::tcsetattr(fd_, TCSAFLUSH, &before_); }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
};

Error interrupted() { return {Fault::cancelled, "interrupted; nothing was done"}; }

}  // namespace

std::optional<Terminal> Terminal::open() {
  if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  return Terminal(fd);
}

Terminal::~Terminal() {
  if (fd_ >= 0) ::close(fd_);
}

void Terminal::write(const std::string& text) const {
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t n = ::write(fd_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw interrupted();
    left.remove_prefix(static_cast<size_t>(n));
  }
}

void Terminal::say(const std::string& line) const { write(printable(line) + "\n"); }

std::string Terminal::ask(const std::string& prompt) const {
  const Interrupts interrupts = all_interrupts();
  write(printable(prompt));
  return std::string(read_line(interrupts).view());
}

SecretText Terminal::ask_secret(const std::string& prompt) const {
  const Interrupts interrupts = all_interrupts();
  const NoEcho silence(fd_);
  write(printable(prompt));
  SecretText line = read_line(interrupts);
  if (line.view().size() >= kMaxLine)
    throw Error(Fault::invalid, "that is longer than a terminal takes", "write it into a file and type file:PATH");
  return line;
}

SecretText Terminal::read_line(const Interrupts& interrupts) const {
  SecretText line;
  for (;;) {
    pollfd input{fd_, POLLIN, 0};
    const int ready = ::poll(&input, 1, 100);
    if (interrupts.taken()) {
      write("\n");
      throw interrupted();
    }
    if (ready <= 0) continue;
    char bytes[kMaxLine + 1];
    const ssize_t n = ::read(fd_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw interrupted();
    const std::string_view read(bytes, static_cast<size_t>(n));
    const bool whole = read.ends_with('\n');
    line.add(read.substr(0, read.size() - (whole ? 1 : 0)));
    ::explicit_bzero(bytes, sizeof bytes);
    if (whole) return line;
  }
}

}  // namespace stoker::cli
