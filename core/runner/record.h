// A small JSON object from a file of the job. Wrong or missing members read as the fallback: files may be torn or
// foreign.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::runner {

struct JsonValue {
  enum class Kind { kOther, kTrue, kInteger, kText, kObject };  // kOther: null, false, a real number, an array

  std::string name;  // of a member
  Kind kind = Kind::kOther;
  int64_t integer = 0;
  std::string text;
  std::vector<JsonValue> members;

  // The first of this name, or null.
  [[nodiscard]] const JsonValue* find(std::string_view wanted) const;
};

class Record {
 public:
  // Nothing when the text is not a JSON object, or nested deeper than 16.
  [[nodiscard]] static std::optional<Record> parse(std::string_view text);
  // Nothing when the file is absent or holds no JSON object.
  [[nodiscard]] static std::optional<Record> read(int dir, const std::string& name);

  [[nodiscard]] bool has(std::string_view key) const { return object_.find(key) != nullptr; }
  [[nodiscard]] int64_t integer(std::string_view key, int64_t fallback = 0) const;
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] const JsonValue& json() const { return object_; }

 private:
  JsonValue object_;
};

}  // namespace stoker::runner
