#include "core/plugin_host/module_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "core/error.h"
#include "core/plugin_host/elf_image.h"

namespace stoker::plugin_host {
namespace {

class OpenFile {
 public:
  // O_NONBLOCK: a FIFO put in place of the file between stat and open must not hang the agent.
  explicit OpenFile(const std::filesystem::path& file)
      : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
    if (fd_ < 0) throw system_error("can not read " + file.string(), errno);
  }
  ~OpenFile() { ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // How many of `size` bytes there were.
  size_t read(uint64_t offset, void* out, size_t size) const {
    size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(fd_, static_cast<char*>(out) + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw Error(Fault::unsupported, message, hint);
}

void require_regular(const std::filesystem::path& file) {
  struct stat info{};
  if (::lstat(file.c_str(), &info) != 0 && errno == ENOENT)
    refuse(file.string() + " does not exist", "install it there");
  if (!S_ISREG(info.st_mode))
    refuse(file.string() + " is not a regular file", "put the shared library itself there, not a link or folder");
}

bool ours(const struct stat& info) { return info.st_uid == 0 || info.st_uid == ::geteuid(); }

}  // namespace

std::string unsafe_owner_or_mode(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(file, error);
  if (error) return file.string() + " can not be resolved: " + error.message();
  bool innermost = true;
  for (std::filesystem::path at = real;; at = at.parent_path()) {
    struct stat info{};
    if (::lstat(at.c_str(), &info) != 0) return at.string() + " can not be examined";
    if (!ours(info)) return at.string() + " belongs to neither root nor this user";
    // Further up, a sticky folder such as /tmp keeps others from replacing what lies in it; next to the file it does
    // not keep them from adding files.
    const bool folder_above = S_ISDIR(info.st_mode) && !innermost;
    if ((info.st_mode & 022) != 0 && !(folder_above && (info.st_mode & S_ISVTX) != 0))
      return at.string() + " is writable by others";
    if (S_ISDIR(info.st_mode)) innermost = false;
    if (at == at.root_path()) return {};
  }
}

std::string sha256_of_file(const std::filesystem::path& file) {
  const OpenFile input(file);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto must = [&](int result) {
    if (result != 1) throw Error(Fault::internal, "can not hash " + file.string());
  };
  must(hash ? EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) : 0);
  std::array<unsigned char, 65536> buffer;
  for (uint64_t offset = 0;;) {
    const size_t n = input.read(offset, buffer.data(), buffer.size());
    if (n == 0) break;
    must(EVP_DigestUpdate(hash.get(), buffer.data(), n));
    offset += n;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  must(EVP_DigestFinal_ex(hash.get(), digest.data(), &size));
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

void check_module_file(const std::filesystem::path& file, const std::string& sha256, bool allow_unsafe) {
  require_regular(file);
  const OpenFile input(file);
  const ReadAt read = [&](uint64_t offset, void* out, size_t size) {
    return offset <= INT64_MAX - size && input.read(offset, out, size) == size;
  };
  if (const std::string fault = elf_fault(read); !fault.empty())
    refuse(file.string() + " is not a shared library for this machine (" + this_machine() + "): " + fault,
           std::string("install the plugin's build for ") + this_machine());
  if (const std::string fault = unsafe_owner_or_mode(file); !fault.empty() && !allow_unsafe)
    refuse(file.string() + " is not safe to load: " + fault,
           "run: chmod go-w on it, chown it to yourself or root, or install the plugin in a folder of your own; "
           "--allow-unsafe-plugins loads it as it is");
  if (!sha256.empty()) {
    if (const std::string actual = sha256_of_file(file); actual != sha256)
      refuse(file.string() + " has SHA-256 " + actual + ", the configuration pins " + sha256,
             "install the pinned build, or pin this one after checking where it came from");
  }
  if (!elf_exports(read, "stoker_plugin_entry"))
    refuse(file.string() + " is not a Stoker plugin: it exports no stoker_plugin_entry",
           "build it with stoker_add_plugin() of the SDK, or remove it from `plugins`");
}

}  // namespace stoker::plugin_host
