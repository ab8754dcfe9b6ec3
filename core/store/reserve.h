// A file that only takes up room beside the database, so that on a full disk there is still some for recording deletes.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace stoker::store {

class Reserve {
 public:
  static constexpr int64_t kBytes = 4 << 20;

  explicit Reserve(std::filesystem::path file) : file_(std::move(file)) {}

  // Makes the file when it is missing and the disk has room for it several times over. One thread at a time.
  void take() noexcept;
  // Gives the room back; false when there was none to give. One thread at a time.
  bool spend() noexcept;
  [[nodiscard]] bool held() const noexcept { return held_; }

 private:
  std::filesystem::path file_;
  std::atomic<bool> held_ = false;
};

}  // namespace stoker::store
