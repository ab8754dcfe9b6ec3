#include "core/remote/digest.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/error.h"

namespace stoker::remote {

struct Digest::State {
  XXH3_state_t xxh3;
};

Digest::Digest() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh3); }
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::add(std::string_view bytes) { XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size()); }
uint64_t Digest::value() const { return XXH3_64bits_digest(&state_->xxh3); }

std::string Digest::hex() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value()));
  return text;
}

int64_t add_file(Digest& digest, int fd, int64_t size, const std::string& name) {
  std::vector<char> buffer(256 << 10);
  int64_t done = 0;
  while (done < size) {
    const auto want = static_cast<size_t>(std::min<int64_t>(size - done, static_cast<int64_t>(buffer.size())));
    const ssize_t got = ::pread(fd, buffer.data(), want, done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("reading " + name, errno);
    if (got == 0) break;
    digest.add({buffer.data(), static_cast<size_t>(got)});
    done += got;
  }
  return done;
}

}  // namespace stoker::remote
