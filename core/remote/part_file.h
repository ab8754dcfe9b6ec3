// A local file on its way: NAME.part until it is whole and its hash is right.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/remote/digest.h"
#include "core/remote/tcp_socket.h"

namespace stoker::remote {

class PartFile {
 public:
  // Opens or makes LOCAL.part, 0600, following no symlink; keeps what is there of at most `size` bytes.
  PartFile(std::filesystem::path local, int64_t size);

  [[nodiscard]] int64_t size() const { return written_; }
  // False when it would grow beyond its size.
  [[nodiscard]] bool append(std::string_view bytes);
  // True when whole and right: then it is on the disk under its name. Else the part is removed if it was whole.
  [[nodiscard]] bool publish(const std::string& xxh3);
  void discard();

 private:
  [[nodiscard]] std::string part() const { return local_.string() + ".part"; }

  std::filesystem::path local_;
  int64_t size_, written_ = 0;
  Descriptor file_;
  Digest digest_;
};

}  // namespace stoker::remote
