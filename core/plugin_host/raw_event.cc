#include "core/plugin_host/raw_event.h"

#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxFields = 1000;

}  // namespace

RawEvent copy_event(const stoker_log_event* foreign) {
  const stoker_log_event said = copy_struct(foreign, "event");
  RawEvent event;
  event.kind = said.kind;
  event.severity = said.severity;
  event.flags = said.flags;
  event.time_ms = said.time_ms;
  event.first_byte = said.first_byte;
  event.last_byte = said.last_byte;
  event.name = copy_text(said.name, "event name");
  event.text = copy_text(said.text, "event text");
  if (said.n_fields > kMaxFields) throw Breach("an event has more than " + std::to_string(kMaxFields) + " fields");
  if (said.n_fields != 0 && said.fields == nullptr) throw Breach("an event has a number of fields but no fields");
  event.fields.reserve(said.n_fields);
  for (size_t i = 0; i < said.n_fields; ++i)
    event.fields.emplace_back(copy_text(said.fields[i].key, "event field"),
                              copy_value(said.fields[i].value, "event field"));
  return event;
}

}  // namespace stoker::plugin_host
