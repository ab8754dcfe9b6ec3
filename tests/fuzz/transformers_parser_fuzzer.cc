// link: stoker_transformers_log
// Any bytes, split in two places: never a crash, and the same events.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "log-parsers/transformers/parser.h"

namespace {

stoker_status note(void* user, const stoker_log_event* event) {
  auto& out = *static_cast<std::string*>(user);
  out += std::to_string(event->kind) + "@" + std::to_string(event->first_byte) + "-" + std::to_string(event->last_byte);
  out += std::string(stoker::view(event->name)) + std::string(stoker::view(event->text));
  for (size_t i = 0; i < event->n_fields; ++i) out += stoker::view(event->fields[i].key);
  return STOKER_OK;
}

std::string parse(std::string_view bytes, size_t chunk) {
  std::string events;
  stoker::transformers::Parser parser({});
  const stoker::LogEmit emit(&note, &events);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size()))) parser.push(bytes.substr(0, chunk), emit);
  parser.finish(STOKER_FINISH_EOF, emit);
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (parse(bytes, size + 1) != parse(bytes, size % 7 + 1)) std::abort();
  return 0;
}
