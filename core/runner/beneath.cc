#include "core/runner/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

// Not there at all, or kept from us by a sandbox that does not know it.
bool lacks_openat2(int error) { return error == ENOSYS || error == EPERM || error == EINVAL || error == E2BIG; }

Descriptor open_by_kernel(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd;
  do fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return Descriptor(static_cast<int>(fd));
}

// Length of the well-formed sequence at the start of `text`, or 0.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF)
    return tail(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
  if (lead >= 0xF0 && lead <= 0xF4)
    return tail(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

const char* unsafe_component(std::string_view name) {
  if (name.empty()) return "empty component";
  if (name == "." || name == "..") return "component that leaves the folder";
  if (name.size() > kNameMaxBytes) return "component over 255 bytes";
  return nullptr;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

const char* unsafe_reason(std::string_view path) {
  if (path.empty()) return "empty path";
  if (path.front() == '/') return "absolute path";
  if (path.size() > kPathMaxBytes) return "path over 1024 bytes";
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "control character";
  if (!is_utf8(path)) return "path that is not UTF-8";
  size_t depth = 0;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (const char* reason = unsafe_component(path.substr(start, end - start))) return reason;
    if (++depth > kPathMaxDepth) return "path deeper than 16 folders";
    start = end + 1;
  }
  return nullptr;
}

void require_safe(std::string_view path) {
  const char* reason = unsafe_reason(path);
  if (reason == nullptr) return;
  std::string shown;
  for (const char c : path.substr(0, 100)) shown += c >= 0x20 && c < 0x7f ? c : '?';
  throw Failure(kExitUnsafePath, std::string("refused ") + reason + ": \"" + shown + "\"");
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Descriptor Beneath::open(const std::string& path, int flags) const {
  if (resolve_ == Resolve::kKernel) {
    Descriptor file = open_by_kernel(root_, path, flags);
    if (file || !lacks_openat2(errno)) return file;
  }
  const Descriptor folder = walk(parent_of(path), false);
  if (!folder) return {};
  return open_at(folder.get(), name_of(path), flags | O_NOFOLLOW);
}

Descriptor Beneath::walk(const std::string& folder, bool make) const {
  Descriptor at = open_at(root_, ".", kFolder);
  for (size_t start = 0; at && start < folder.size();) {
    const size_t end = std::min(folder.find('/', start), folder.size());
    const std::string name = folder.substr(start, end - start);
    Descriptor next = open_at(at.get(), name, kFolder);
    if (!next && errno == ENOENT && make) {
      if (::mkdirat(at.get(), name.c_str(), 0700) != 0 && errno != EEXIST) return {};
      next = open_at(at.get(), name, kFolder);
    }
    at = std::move(next);
    start = end + 1;
  }
  return at;
}

Descriptor Beneath::open_parent(const std::string& path) const {
  const std::string folder = parent_of(path);
  Descriptor parent;
  if (resolve_ == Resolve::kKernel && !folder.empty()) parent = open_by_kernel(root_, folder, kFolder);
  if (!parent) parent = walk(folder, true);
  if (parent) return parent;
  if (errno == ELOOP || errno == ENOTDIR)
    throw Failure(kExitUnsafePath, "refused path through a symlink or a file: \"" + path + "\"");
  throw system_failure("make the folder of " + path);
}

}  // namespace stoker::runner
