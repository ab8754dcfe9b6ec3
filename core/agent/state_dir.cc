#include "core/agent/state_dir.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "core/error.h"
#include "core/private_file.h"

namespace stoker::agent {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTokenBytes = 32;

std::string random_hex() {
  std::array<unsigned char, kTokenBytes> bytes{};
  // Up to 256 bytes come whole or not at all.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw system_error("can not draw random bytes", errno);
  std::string hex;
  for (const unsigned char byte : bytes) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string checked_token(const fs::path& path) {
  require_private(path);
  std::string token = trimmed(read_file(path, 4096));
  if (token.size() != 2 * kTokenBytes || token.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(Fault::invalid, path.string() + " does not hold a token",
                "remove it: the agent makes a new one at its next start");
  return token;
}

uint16_t parse_port(const std::string& text) {
  uint16_t port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  return fault == std::errc{} && end == text.data() + text.size() ? port : uint16_t{0};
}

// A lock of the open file: released however the process ends, and others can ask for it without taking it.
struct flock whole_file() {
  struct flock it{};
  it.l_type = F_WRLCK;
  it.l_whence = SEEK_SET;
  return it;
}

// Whether an agent lives here. The port of one that was killed may belong to anybody by now, and they must not be
// sent the token.
bool is_held(const fs::path& lock) {
  const int fd = ::open(lock.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return false;
  if (fd < 0) throw system_error("can not open " + lock.string(), errno);
  struct flock found = whole_file();
  const int asked = ::fcntl(fd, F_OFD_GETLK, &found);
  const int cause = errno;
  ::close(fd);
  if (asked != 0) throw system_error("can not ask for the lock " + lock.string(), cause);
  return found.l_type != F_UNLCK;
}

}  // namespace

StateLock::StateLock(const fs::path& folder) {
  ensure_private_folder(folder);
  const fs::path lock = folder / "lock";
  fd_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw system_error("can not open " + lock.string(), errno);
  struct flock wanted = whole_file();
  if (::fcntl(fd_, F_OFD_SETLK, &wanted) != 0) {
    const int cause = errno;
    ::close(fd_);
    if (cause != EAGAIN && cause != EACCES) throw system_error("can not lock " + lock.string(), cause);
    const std::string pid = trimmed(read_file(lock, 64));
    throw Error(Fault::conflict,
                "another agent" + (pid.empty() ? "" : " (pid " + pid + ")") + " works in " + folder.string(),
                "use that one, stop it with kill " + (pid.empty() ? "PID" : pid) +
                    ", or choose another folder with --state-dir");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size())) return;
  const int cause = errno;
  ::close(fd_);
  throw system_error("can not write " + lock.string(), cause);
}

StateLock::~StateLock() { ::close(fd_); }

pid_t StateLock::holder(const fs::path& folder) {
  const std::string text = read_file(folder / "lock", 64);
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

StateDir::StateDir(const fs::path& folder) : folder_(folder), lock_(folder) {
  fs::remove(folder_ / "port");  // of an agent that was killed
  const fs::path token = folder_ / "token";
  if (!fs::exists(token)) write_private_file(token, random_hex() + "\n");
  token_ = checked_token(token);
}

StateDir::~StateDir() {
  std::error_code ignored;
  if (published_) fs::remove(folder_ / "port", ignored);
}

void StateDir::publish_port(uint16_t port) {
  write_private_file(folder_ / "port", std::to_string(port) + "\n");
  published_ = true;
}

std::optional<cli::ClientView> StateDir::client_view(const fs::path& folder) {
  if (!fs::exists(folder / "port")) return std::nullopt;
  require_private(folder);
  if (!is_held(folder / "lock")) return std::nullopt;
  cli::ClientView view;
  try {
    view.port = parse_port(trimmed(read_file(folder / "port", 64)));
    view.token = checked_token(folder / "token");
  } catch (const Error& e) {
    // The agent may end between the look and the read.
    if (e.fault == Fault::not_found) return std::nullopt;
    throw;
  }
  if (view.port == 0)
    throw Error(Fault::invalid, (folder / "port").string() + " does not hold a port number", "restart the agent");
  return view;
}

}  // namespace stoker::agent
