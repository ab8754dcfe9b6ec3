// The frames that `receive` reads. Foreign bytes: every length is checked before it is used.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::runner {

struct FileFrame {
  std::string path;
  bool executable = false;
  uint64_t size = 0, offset = 0;
};

// Throws Failure{kExitFailed} for what is no frame, {kExitUnsafePath} for a path that could leave the folder.
class FrameReader {
 public:
  // Fills the buffer with at least one byte, or returns 0 at the end.
  using Source = std::function<size_t(char*, size_t)>;
  explicit FrameReader(Source source);

  // The next file, after the body of the one before was read to its end. Nothing after the end frame.
  [[nodiscard]] std::optional<FileFrame> next();
  // The next bytes of the body, valid until the next call; empty at its end.
  [[nodiscard]] std::string_view body();
  // The hash behind the body.
  [[nodiscard]] uint64_t hash();

 private:
  void take(char* to, size_t size);
  [[nodiscard]] uint64_t integer(int bytes);
  bool fill();

  Source source_;
  std::vector<char> buffer_;
  size_t at_ = 0, filled_ = 0;
  uint64_t body_left_ = 0;
  bool begun_ = false;
};

}  // namespace stoker::runner
