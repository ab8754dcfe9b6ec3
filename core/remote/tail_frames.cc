#include "core/remote/tail_frames.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/runner/protocol.h"

namespace stoker::remote {
namespace {

constexpr size_t kHeader = 5;
constexpr uint64_t kMaxOffset = uint64_t{1} << 40;  // a file system that holds the log may take no larger one

uint64_t integer(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

Error malformed(const std::string& what) {
  return {Fault::unavailable, "the log stream of stoker-runner is malformed: " + what};
}

int64_t offset_in(std::string_view bytes) {
  const uint64_t value = integer(bytes.substr(0, 8));
  if (value > kMaxOffset) throw malformed("an offset of " + std::to_string(value));
  return static_cast<int64_t>(value);
}

size_t payload_size(std::string_view header) {
  const uint64_t size = integer(header.substr(1, 4));
  if (size > runner::kTailMaxPayload) throw malformed("a frame of " + std::to_string(size) + " bytes");
  return size;
}

}  // namespace

void TailFrames::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (pending_.empty() && bytes.size() >= kHeader) {
      const size_t whole = kHeader + payload_size(bytes);
      if (bytes.size() >= whole) {
        deliver(static_cast<uint8_t>(bytes[0]), bytes.substr(kHeader, whole - kHeader));
        bytes.remove_prefix(whole);
        continue;
      }
    }
    const size_t goal = pending_.size() < kHeader ? kHeader : kHeader + payload_size(pending_);
    const size_t take = std::min(goal - pending_.size(), bytes.size());
    pending_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (pending_.size() < kHeader || pending_.size() < kHeader + payload_size(pending_)) continue;
    const std::string frame = std::exchange(pending_, {});
    deliver(static_cast<uint8_t>(frame[0]), std::string_view(frame).substr(kHeader));
  }
}

void TailFrames::deliver(uint8_t type, std::string_view payload) {
  switch (type) {
    case runner::kTailBeat:
      return;
    case runner::kTailData:
      if (payload.size() < 8) throw malformed("a data frame without its offset");
      return sink_.data(offset_in(payload), payload.substr(8));
    case runner::kTailGap:
      if (payload.size() != 16) throw malformed("a gap frame of " + std::to_string(payload.size()) + " bytes");
      return sink_.gap(offset_in(payload), offset_in(payload.substr(8)));
    case runner::kTailExit:
      return sink_.exit(payload);
    default:
      throw malformed("a frame of type " + std::to_string(type));
  }
}

}  // namespace stoker::remote
