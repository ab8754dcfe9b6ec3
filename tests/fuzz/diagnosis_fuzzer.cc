// link: stoker_training_log
// The diagnosis of any bytes, split in two places: never a crash, and the same events.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/training_log/reader.h"

namespace {

std::string diagnose(std::string_view bytes, size_t chunk) {
  stoker::training_log::Reader reader(nullptr);
  std::string events;
  const auto note = [&](const auto& made) {
    for (const auto& event : made) events += event.data + std::to_string(event.first_byte) + "\n";
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size())))
    note(reader.push(bytes.substr(0, chunk), 7));
  note(reader.finish(7));
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (diagnose(bytes, size + 1) != diagnose(bytes, size % 7 + 1)) std::abort();
  return 0;
}
