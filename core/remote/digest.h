// XXH3-64 as stoker-runner speaks it: tells equal files from unequal ones, protects against nobody.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stoker::remote {

class Digest {
 public:
  Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();
  void add(std::string_view bytes);
  [[nodiscard]] uint64_t value() const;
  [[nodiscard]] std::string hex() const;  // 16 digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads `size` bytes from the start of the file into the digest; returns how many there were.
[[nodiscard]] int64_t add_file(Digest& digest, int fd, int64_t size, const std::string& name);

}  // namespace stoker::remote
