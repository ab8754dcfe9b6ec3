// Values a plugin wrote, made ours: sizes checked, memory copied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/plugin_host/log_parser.h"
#include "sdk/include/stoker/base.h"

namespace stoker::plugin_host {

constexpr size_t kMaxText = 64 << 10, kMaxOpaque = 4 << 10, kMaxItems = 100'000;

// The plugin broke a rule of the boundary; what() ends the sentence "<plugin>: <call> broke the contract: ...".
struct Breach : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A growing struct of the plugin: what it wrote, never past its own size; zero ("not said") beyond. Null is a breach.
template <class T>
T copy_struct(const T* foreign, const char* name) {
  if (foreign == nullptr) throw Breach(std::string(name) + " is null");
  uint32_t size = 0;
  std::memcpy(&size, foreign, sizeof size);
  if (size < sizeof size) throw Breach(std::string(name) + " has no struct_size");
  T local{};
  std::memcpy(&local, foreign, std::min<size_t>(size, sizeof local));
  return local;
}

// The bytes as they are.
[[nodiscard]] std::string copy_bytes(stoker_str foreign, size_t max_bytes, const char* name);
// The bytes as UTF-8.
[[nodiscard]] std::string copy_text(stoker_str foreign, const char* name, size_t max_bytes = kMaxText);
// A NUL-ended text of static data; null gives an empty one.
[[nodiscard]] std::string copy_c_text(const char* foreign, const char* name);
[[nodiscard]] FieldValue copy_value(const stoker_value& foreign, const char* name);

// Ours for the length of a call.
[[nodiscard]] inline stoker_str lend(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace stoker::plugin_host
