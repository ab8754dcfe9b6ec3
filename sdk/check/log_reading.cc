#include "sdk/check/log_reading.h"

#include <algorithm>
#include <random>

namespace stoker::check {
namespace {

constexpr size_t kLongestRandomChunk = 200;

}  // namespace

std::string Chunks::words() const {
  if (kind == Kind::whole) return "in one piece";
  if (kind == Kind::random) return "in random chunks (seed " + std::to_string(number) + ")";
  return "in chunks of " + std::to_string(number) + (number == 1 ? " byte" : " bytes");
}

void cut(std::string_view bytes, Chunks chunks, const std::function<void(std::string_view)>& push) {
  std::mt19937_64 random(chunks.number);
  if (chunks.kind == Chunks::Kind::whole && bytes.empty()) return push(bytes);
  while (!bytes.empty()) {
    size_t size = bytes.size();
    if (chunks.kind == Chunks::Kind::equal) size = chunks.number;
    if (chunks.kind == Chunks::Kind::random) size = random() % kLongestRandomChunk;  // an empty push is legal
    push(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
}

Events read_log(LoadedPlugin& plugin, const std::string& id, std::string_view bytes, Chunks chunks,
                uint64_t start_offset) {
  StreamUnderTest stream(plugin, id, start_offset);
  cut(bytes, chunks, [&](std::string_view chunk) { stream.push(chunk); });
  stream.finish();
  return stream.events();
}

}  // namespace stoker::check
