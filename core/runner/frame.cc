#include "core/runner/frame.h"

#include <algorithm>
#include <cstring>

#include "core/runner/beneath.h"
#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr uint64_t kFileMaxBytes = uint64_t{1} << 48;

}  // namespace

FrameReader::FrameReader(Source source) : source_(std::move(source)), buffer_(kBuffer) {}

bool FrameReader::fill() {
  if (at_ < filled_) return true;
  at_ = 0;
  filled_ = source_(buffer_.data(), buffer_.size());
  return filled_ > 0;
}

void FrameReader::take(char* to, size_t size) {
  while (size > 0) {
    if (!fill()) throw Failure(kExitFailed, "receive: the input ended within a frame");
    const size_t part = std::min(size, filled_ - at_);
    std::memcpy(to, buffer_.data() + at_, part);
    at_ += part;
    to += part;
    size -= part;
  }
}

uint64_t FrameReader::integer(int bytes) {
  unsigned char raw[8] = {};
  take(reinterpret_cast<char*>(raw), static_cast<size_t>(bytes));
  uint64_t value = 0;
  for (int i = bytes; i-- > 0;) value = value << 8 | raw[i];
  return value;
}

std::optional<FileFrame> FrameReader::next() {
  if (!begun_) {
    char magic[sizeof kReceiveMagic - 1];
    take(magic, sizeof magic);
    if (std::memcmp(magic, kReceiveMagic, sizeof magic) != 0) throw Failure(kExitFailed, "receive: not our stream");
    begun_ = true;
  }
  const uint64_t type = integer(1);
  if (type == kFrameEnd) return std::nullopt;
  if (type != kFrameFile) throw Failure(kExitFailed, "receive: unknown frame type " + std::to_string(type));
  const uint64_t length = integer(2);
  if (length > kPathMaxBytes) throw Failure(kExitUnsafePath, "refused path over 1024 bytes");
  FileFrame frame;
  frame.path.resize(length);
  take(frame.path.data(), length);
  require_safe(frame.path);
  const uint64_t mode = integer(4);
  if (mode != 0644 && mode != 0755) throw Failure(kExitFailed, "receive: unknown mode for " + frame.path);
  frame.executable = mode == 0755;
  frame.size = integer(8);
  frame.offset = integer(8);
  if (frame.size > kFileMaxBytes || frame.offset > frame.size)
    throw Failure(kExitFailed, "receive: impossible size or offset for " + frame.path);
  body_left_ = frame.size - frame.offset;
  return frame;
}

std::string_view FrameReader::body() {
  if (body_left_ == 0) return {};
  if (!fill()) throw Failure(kExitFailed, "receive: the input ended within a file");
  const size_t part = static_cast<size_t>(std::min<uint64_t>(body_left_, filled_ - at_));
  const std::string_view bytes(buffer_.data() + at_, part);
  at_ += part;
  body_left_ -= part;
  return bytes;
}

uint64_t FrameReader::hash() { return integer(8); }

}  // namespace stoker::runner
