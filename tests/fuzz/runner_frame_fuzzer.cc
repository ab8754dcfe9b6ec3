// link: stoker_runner_parts
// The frames that stoker-runner receives, given in pieces of a size that the input chooses.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/runner/failure.h"
#include "core/runner/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = data[0] + size_t{1};
  size_t at = 1;
  stoker::runner::FrameReader frames([&](char* to, size_t room) {
    const size_t part = std::min({room, piece, size - at});
    std::memcpy(to, data + at, part);
    at += part;
    return part;
  });
  try {
    while (frames.next()) {
      while (!frames.body().empty()) {
      }
      (void)frames.hash();
    }
  } catch (const stoker::runner::Failure&) {
    return 0;
  }
  return 0;
}
