// A log parser over any bytes, split in two places: never a crash, and the same events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sdk/include/stoker/cpp/log_parser.hpp"

namespace stoker::fuzz {

inline stoker_status note(void* user, const stoker_log_event* event) {
  auto& out = *static_cast<std::string*>(user);
  out += std::to_string(event->kind) + "@" + std::to_string(event->first_byte) + "-" + std::to_string(event->last_byte);
  out += std::string(view(event->name)) + std::string(view(event->text));
  for (size_t i = 0; i < event->n_fields; ++i) out += view(event->fields[i].key);
  return STOKER_OK;
}

template <class Parser>
std::string parse(std::string_view bytes, size_t chunk) {
  std::string events;
  Parser parser(StreamInfo{});
  const LogEmit emit(&note, &events);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size()))) parser.push(bytes.substr(0, chunk), emit);
  parser.finish(STOKER_FINISH_EOF, emit);
  return events;
}

template <class Parser>
void read_split(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (parse<Parser>(bytes, size + 1) != parse<Parser>(bytes, size % 7 + 1)) std::abort();
}

}  // namespace stoker::fuzz
