// Paths from the other side, kept beneath one folder.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/runner/file.h"

namespace stoker::runner {

constexpr size_t kPathMaxBytes = 1024, kNameMaxBytes = 255, kPathMaxDepth = 16;

// Why the path is refused, or null: relative, no empty, "." or ".." component, UTF-8, no control characters, bounded.
[[nodiscard]] const char* unsafe_reason(std::string_view path);
// Throws Failure{kExitUnsafePath}; what cannot be shown as text is left out of the message.
void require_safe(std::string_view path);

[[nodiscard]] bool is_utf8(std::string_view text);

class Beneath {
 public:
  enum class Resolve { kKernel, kWalk };  // openat2, or component by component where the kernel lacks it

  explicit Beneath(int root, Resolve resolve = Resolve::kKernel) : root_(root), resolve_(resolve) {}

  // Opens a safe path without following any symlink. Empty with errno set when it fails: ELOOP or ENOTDIR for a
  // symlink.
  [[nodiscard]] Descriptor open(const std::string& path, int flags) const;
  // The folder that holds the path's last component; makes the folders that are missing, 0700. Throws.
  [[nodiscard]] Descriptor open_parent(const std::string& path) const;
  [[nodiscard]] int folder() const { return root_; }

 private:
  [[nodiscard]] Descriptor walk(const std::string& folder, bool make) const;

  int root_;
  Resolve resolve_;
};

// "a/b/c" is "a/b" and "c".
[[nodiscard]] std::string parent_of(const std::string& path);
[[nodiscard]] std::string name_of(const std::string& path);

}  // namespace stoker::runner
