// A file on its way to files/<id> of the state folder: unlinked again unless it was kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/api/descriptor.h"

namespace stoker::api {

// One thread. Throws unavailable where the disk has no room for it, with some left for the store, and what
// system_error() makes of a disk that fails.
class IncomingFile {
 public:
  // Writes `folder`/`id`.part. `announced`: bytes; -1 when it is not known how many there will be.
  IncomingFile(const std::filesystem::path& folder, const std::string& id, int64_t announced);
  IncomingFile(const IncomingFile&) = delete;
  IncomingFile& operator=(const IncomingFile&) = delete;
  ~IncomingFile();

  void write(std::string_view bytes);
  [[nodiscard]] int64_t size() const { return size_; }
  // Renames it once it is on the disk.
  void keep();

 private:
  std::filesystem::path path_, part_;
  Descriptor fd_;
  int64_t announced_;
  int64_t size_ = 0, begun_ = 0;  // bytes written, and those handed to the disk
  bool kept_ = false;
};

}  // namespace stoker::api
