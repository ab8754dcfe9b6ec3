// The first byte chooses the size of the chunks that the rest comes in.
#include "core/remote/tail_frames.cc"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t step = data[0] + size_t{1};
  stoker::remote::TailFrames frames(
      {[](int64_t, std::string_view) {}, [](int64_t, int64_t) {}, [](std::string_view) {}});
  try {
    for (size_t at = 0; at < bytes.size(); at += step) frames.feed(bytes.substr(at, step));
  } catch (const stoker::Error&) {
  }
  return 0;
}
