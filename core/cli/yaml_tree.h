// YAML as a small tree that knows its lines. Foreign bytes: what a file may cost is capped while it is being read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {

// The caps hold after aliases are written out, so that a few lines of anchors can't grow into gigabytes.
constexpr size_t kMaxYamlBytes = 1 << 20, kMaxYamlNodes = 10'000, kMaxYamlText = 4 << 20;
constexpr int kMaxYamlDepth = 64;

struct YamlNode {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  bool plain = false;             // a scalar without quotes: `3` and `true` are not text
  int line = 0;                   // from 1; 0: not from a file
  std::string text;               // of a scalar
  std::vector<std::string> keys;  // of a map, beside `items`
  std::vector<YamlNode> items;

  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  YamlNode& member(const std::string& key);  // made when absent; this node becomes a map when it is null
  static YamlNode of_text(std::string text);
};

// One document. Throws Error{invalid} with "<name>:<line>: ...".
[[nodiscard]] YamlNode parse_yaml(std::string_view text, const std::string& name);

// Plain scalars by the core schema of YAML 1.2: null, true, numbers; all else is text.
enum class ScalarType { null, boolean, integer, real, text };
[[nodiscard]] ScalarType scalar_type(const YamlNode& node);
// What a person calls it: "a map", "a list", "text", "a whole number".
[[nodiscard]] const char* type_name(const YamlNode& node);

// Throws Error{invalid} for .inf and .nan, which JSON does not have.
void write_json(JsonWriter& out, const YamlNode& node);

}  // namespace stoker::cli
