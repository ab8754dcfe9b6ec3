#include "sdk/check/log_events.h"

#include <algorithm>
#include <cmath>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::check {
namespace {

constexpr size_t kLongestShown = 1000;
constexpr char kNoEvent[] = "no event";

void write(JsonWriter& json, const plugin_host::FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    json.text(*text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    json.boolean(*flag);
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    json.integer(*whole);
  } else {
    const double real = std::get<double>(value);
    if (std::isfinite(real))
      json.real(real);
    else
      json.text(std::isnan(real) ? "nan" : real > 0 ? "inf" : "-inf");
  }
}

const char* severity_name(int32_t severity) {
  return severity == STOKER_SEVERITY_INFO      ? "info"
         : severity == STOKER_SEVERITY_WARNING ? "warning"
         : severity == STOKER_SEVERITY_ERROR   ? "error"
                                               : nullptr;
}

void write_severity(JsonWriter& json, int32_t severity) {
  if (severity == STOKER_SEVERITY_NONE) return;
  if (const char* name = severity_name(severity))
    json.member("severity", name);
  else
    json.member("severity", static_cast<int64_t>(severity));
}

void write_flags(JsonWriter& json, uint32_t flags) {
  if (flags == 0) return;
  json.key("flags").begin_array();
  if ((flags & STOKER_EVENT_TRUNCATED) != 0) json.text("truncated");
  if (const uint32_t others = flags & ~uint32_t{STOKER_EVENT_TRUNCATED}; others != 0) json.integer(others);
  json.end_array();
}

std::string shortened(std::string text) {
  if (text.size() <= kLongestShown) return text;
  size_t end = kLongestShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string cut_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::string kind_name(int32_t kind) {
  static constexpr const char* kNames[] = {"run",  "phase",      "progress", "metric",
                                           "eval", "checkpoint", "summary",  "diagnosis"};
  if (kind < STOKER_EVENT_RUN || kind > STOKER_EVENT_DIAGNOSIS) return "kind " + std::to_string(kind);
  return kNames[kind - STOKER_EVENT_RUN];
}

std::string to_json(const plugin_host::RawEvent& event, Offsets offsets) {
  JsonWriter json;
  json.begin_object().member("kind", kind_name(event.kind));
  if (!event.name.empty()) json.member("name", event.name);
  if (!event.text.empty()) json.member("text", event.text);
  write_severity(json, event.severity);
  write_flags(json, event.flags);
  if (event.time_ms != 0) json.member("time_ms", event.time_ms);
  if (offsets == Offsets::shown) {
    json.member("first_byte", static_cast<int64_t>(event.first_byte));
    json.member("last_byte", static_cast<int64_t>(event.last_byte));
  }
  if (!event.fields.empty()) {
    json.key("fields").begin_object();
    for (const auto& [key, value] : event.fields) write(json.key(key), value);
    json.end_object();
  }
  return json.end_object().str();
}

std::string to_json_lines(const Events& events) {
  std::string lines;
  for (const auto& event : events) lines += to_json(event) + "\n";
  return lines;
}

std::string first_difference(const std::string& name, const Events& events, const std::string& other_name,
                             const Events& others, Offsets offsets) {
  const auto shown = [&](const Events& list, size_t i) {
    return i < list.size() ? to_json(list[i], offsets) : std::string(kNoEvent);
  };
  for (size_t i = 0; i < std::max(events.size(), others.size()); ++i) {
    const std::string one = shown(events, i), other = shown(others, i);
    if (one != other)
      return "event " + std::to_string(i) + " differs\n" + name + ": " + shortened(one) + "\n" + other_name + ": " +
             shortened(other);
  }
  return {};
}

std::string first_differing_line(std::string_view golden, std::string_view came) {
  for (int number = 1; !golden.empty() || !came.empty(); ++number) {
    const bool expected = !golden.empty(), arrived = !came.empty();
    const std::string one = cut_line(golden), other = cut_line(came);
    if (one != other || expected != arrived)
      return "line " + std::to_string(number) + " differs\nthe file: " + (expected ? shortened(one) : kNoEvent) +
             "\nthe plugin: " + (arrived ? shortened(other) : kNoEvent);
  }
  return {};
}

}  // namespace stoker::check
