#include "plugins/record/record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stoker/cpp/failure.hpp>

namespace stoker::record {
namespace {

constexpr std::size_t kMaxRecordBytes = 256 * 1024;

class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& file) {
  throw Failure{STOKER_E_UNAVAILABLE, what + " " + file.string() + ": " + std::strerror(errno)};
}

}  // namespace

Record parse(std::string_view text, const std::string& source) {
  Record record;
  std::size_t line = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
    const auto equals = row.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      throw Failure{STOKER_E_INTERNAL, source + ": line " + std::to_string(line) + " is not key=value"};
    }
    record.insert_or_assign(std::string(row.substr(0, equals)), std::string(row.substr(equals + 1)));
  }
  return record;
}

std::optional<std::string> read_text(const std::filesystem::path& file, std::size_t limit) {
  const File in(file, O_RDONLY);
  if (in.fd() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail("cannot read", file);
  }
  std::string text;
  char buffer[4096];
  while (text.size() < limit) {
    const auto got = ::read(in.fd(), buffer, std::min(sizeof(buffer), limit - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", file);
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

std::optional<Record> read(const std::filesystem::path& file) {
  const auto text = read_text(file, kMaxRecordBytes);
  if (!text) return std::nullopt;
  return parse(*text, file.string());
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  auto part = file;
  part += ".part";
  {
    const File out(part, O_WRONLY | O_CREAT | O_TRUNC);
    if (out.fd() < 0) fail("cannot write", part);
    while (!text.empty()) {
      const auto put = ::write(out.fd(), text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) fail("cannot write", part);
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(out.fd()) != 0) fail("cannot write", part);
  }
  if (::rename(part.c_str(), file.c_str()) != 0) fail("cannot write", file);
  const File folder(file.parent_path(), O_RDONLY | O_DIRECTORY);
  if (folder.fd() < 0 || ::fsync(folder.fd()) != 0) fail("cannot write", file.parent_path());
}

std::string value_of(const Record& record, const std::string& key) {
  const auto found = record.find(key);
  return found == record.end() ? std::string() : found->second;
}

std::int64_t number_of(const Record& record, const std::string& key) {
  const std::string text = value_of(record, key);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void write(const std::filesystem::path& file, const Record& record) {
  std::string text;
  for (const auto& [key, value] : record) {
    if (value.find('\n') != std::string::npos) {
      throw Failure{STOKER_E_INVALID, "the value of " + key + " has a line end"};
    }
    text += key + "=" + value + "\n";
  }
  write_text(file, text);
}

}  // namespace stoker::record
