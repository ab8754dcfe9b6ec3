// link: stoker_training_log
// The diagnosis of any bytes, split in two places: never a crash, and the same events.
#include "core/training_log/diagnosis.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

std::string diagnose(std::string_view bytes, size_t chunk) {
  stoker::training_log::Diagnosis diagnosis;
  stoker::LogLines lines;
  std::string events;
  const auto note = [&](stoker::plugin_host::RawEvent&& event) {
    events += event.name + "|" + event.text + "|" + std::to_string(event.first_byte);
    for (const auto& [key, value] : event.fields) events += "|" + key;
  };
  const auto read = [&](const stoker::LogLine& line) {
    if (diagnosis.wants(line.text)) diagnosis.read(line, note);
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size()))) lines.push(bytes.substr(0, chunk), read);
  lines.finish(read);
  diagnosis.finish(STOKER_FINISH_EOF, false, note);
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (diagnose(bytes, size + 1) != diagnose(bytes, size % 7 + 1)) std::abort();
  return 0;
}
