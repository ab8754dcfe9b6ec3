// Text with a secret in it, overwritten before its memory goes back.
#pragma once

#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace stoker::cli {

// A vector, since a string keeps short text within itself and leaves it there when it is moved from.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) { add(text); }
  SecretText(SecretText&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretText& operator=(SecretText&& other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { wipe(bytes_); }

  void add(std::string_view more) {
    if (bytes_.size() + more.size() > bytes_.capacity()) {
      std::vector<char> larger;
      larger.reserve(2 * (bytes_.size() + more.size()));
      larger.insert(larger.end(), bytes_.begin(), bytes_.end());
      bytes_.swap(larger);
      wipe(larger);
    }
    bytes_.insert(bytes_.end(), more.begin(), more.end());
  }
  // Valid until this is changed or moved.
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  static void wipe(std::vector<char>& bytes) {
    if (bytes.data() != nullptr) ::explicit_bzero(bytes.data(), bytes.capacity());
  }

  std::vector<char> bytes_;
};

}  // namespace stoker::cli
