#include "core/runner/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <vector>

#include "core/runner/file.h"

namespace stoker::runner {

struct Digest::State {
  XXH3_state_t of_library;
};

Digest::Digest() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->of_library); }

Digest::~Digest() = default;

void Digest::add(std::string_view bytes) { XXH3_64bits_update(&state_->of_library, bytes.data(), bytes.size()); }

uint64_t Digest::value() const { return XXH3_64bits_digest(&state_->of_library); }

std::string hex(uint64_t value) {
  std::string text(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

uint64_t add_file(Digest& digest, int fd, uint64_t size, const char* what) {
  std::vector<char> buffer(static_cast<size_t>(std::min<uint64_t>(size, 1 << 20)));
  uint64_t done = 0;
  while (done < size) {
    const size_t got = read_some(fd, buffer.data(), std::min<uint64_t>(buffer.size(), size - done), what);
    if (got == 0) break;
    digest.add({buffer.data(), got});
    done += got;
  }
  return done;
}

}  // namespace stoker::runner
