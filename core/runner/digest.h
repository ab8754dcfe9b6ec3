// XXH3-64 of files: fast enough not to show beside the network. It finds damage, not malice; SSH protects the way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stoker::runner {

class Digest {
 public:
  Digest();
  ~Digest();
  void add(std::string_view bytes);
  [[nodiscard]] uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 16 hex digits.
[[nodiscard]] std::string hex(uint64_t value);

// Adds the next `size` bytes of the file, or all that there are. Returns how many.
uint64_t add_file(Digest& digest, int fd, uint64_t size, const char* what);

}  // namespace stoker::runner
