// What a log parser says, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/include/stoker/cpp/log_parser.hpp"

namespace stoker::test {

// One event as text: "METRIC eval loss=1 epoch=0.5 @3-40".
inline std::string shown(const stoker_log_event& event) {
  constexpr const char* kKinds[] = {"?",    "RUN",        "PHASE",   "PROGRESS", "METRIC",
                                    "EVAL", "CHECKPOINT", "SUMMARY", "DIAGNOSIS"};
  std::string out = kKinds[event.kind];
  if (event.name.size > 0) out += " " + std::string(view(event.name));
  for (size_t i = 0; i < event.n_fields; ++i) {
    const auto& field = event.fields[i];
    out += " " + std::string(view(field.key)) + "=";
    if (field.value.type == STOKER_TEXT) out += view(field.value.as.s);
    if (field.value.type == STOKER_INT || field.value.type == STOKER_BOOL) out += std::to_string(field.value.as.i);
    if (field.value.type == STOKER_REAL) out += std::to_string(field.value.as.r);
  }
  if (event.text.size > 0) out += " \"" + std::string(view(event.text)) + "\"";
  return out;
}

inline stoker_status collect(void* user, const stoker_log_event* event) {
  auto& out = *static_cast<std::vector<std::string>*>(user);
  out.push_back(shown(*event) + " @" + std::to_string(event->first_byte) + "-" + std::to_string(event->last_byte));
  return STOKER_OK;
}

// The log in chunks of these sizes, over and over; each event with its offsets.
inline std::vector<std::string> parse(LogParser& parser, std::string_view log, const std::vector<size_t>& sizes) {
  std::vector<std::string> events;
  const LogEmit emit(&collect, &events);
  for (size_t i = 0; !log.empty(); ++i) {
    const size_t size = std::min(log.size(), sizes[i % sizes.size()]);
    parser.push(log.substr(0, size), emit);
    log.remove_prefix(size);
  }
  parser.finish(STOKER_FINISH_EOF, emit);
  return events;
}

// Without offsets.
inline std::vector<std::string> events_of(LogParser& parser, std::string_view log) {
  auto events = parse(parser, log, {log.size() + 1});
  for (auto& event : events) event.resize(event.rfind(" @"));
  return events;
}

}  // namespace stoker::test
