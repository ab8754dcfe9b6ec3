#include "core/cli/secret_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "core/cli/command.h"

namespace stoker::cli {
namespace {

class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// To the end, or to the end of the line: byte by byte then, since the next line may be another secret's.
SecretText read_from(int fd, bool line, const std::string& name) {
  SecretText text;
  char bytes[4096];
  for (;;) {
    const ssize_t n = ::read(fd, bytes, line ? 1 : sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw bad_usage(system_error("can not read " + name, errno).what());
    if (n == 0 || (line && bytes[0] == '\n')) break;
    text.add({bytes, static_cast<size_t>(n)});
    if (text.view().size() > kMaxSecret) {
      ::explicit_bzero(bytes, sizeof bytes);
      throw bad_usage(name + " is larger than 64 KiB, which no secret is");
    }
  }
  ::explicit_bzero(bytes, sizeof bytes);
  return text;
}

SecretText from_file(const std::string& key, const std::string& path) {
  const File file(path);
  if (file.fd() < 0)
    throw bad_usage("the secret " + key + ": " + system_error("can not read " + path, errno).what(),
                    "name a file that holds the secret and nothing else");
  SecretText text = read_from(file.fd(), false, path);
  if (text.empty()) throw bad_usage("the secret " + key + " is to come from " + path + ", which is empty");
  return text;
}

SecretText from_input(const std::string& key) {
  if (::isatty(STDIN_FILENO) != 0)
    throw bad_usage("the secret " + key + " is to come from standard input, which is a terminal and would show it",
                    "leave --secret " + key + " out, and it is asked for");
  SecretText text = read_from(STDIN_FILENO, true, "standard input");
  if (text.empty()) throw bad_usage("the secret " + key + " is to come from standard input, which is empty");
  return text;
}

}  // namespace

Error literal_secret(const std::string& option, const std::string& key) {
  return bad_usage(
      option + " " + key + ": a secret on the command line is seen by every user of this machine",
      "use --secret " + key + "=env:VAR, " + key + "=file:PATH, or " + key + "=- for a line of standard input");
}

SecretText read_secret(const std::string& key, std::string_view source) {
  if (source == "-") return from_input(key);
  if (source.starts_with("file:")) return from_file(key, std::string(source.substr(5)));
  if (!source.starts_with("env:")) throw literal_secret("--secret", key);
  // Not named in the error: env:$KEY puts the secret where its name should be.
  const char* value = std::getenv(std::string(source.substr(4)).c_str());
  if (value == nullptr || *value == '\0')
    throw bad_usage("the secret " + key + " is to come from a variable that is not set",
                    "run: export VAR=..., and write " + key + "=env:VAR without a dollar sign");
  return SecretText(value);
}

}  // namespace stoker::cli
