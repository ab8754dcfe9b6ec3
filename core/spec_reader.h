// Typed reading of one JSON object whose keys are all known, with errors that name the key.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker {

// What a person calls the type of a value: "a map", "text", "a number", "nothing".
[[nodiscard]] const char* type_name(simdjson::dom::element value);

class SpecReader {
 public:
  // `path` is the dotted path of this object, empty at the top. Throws for keys not in `known`, naming the nearest, and
  // for keys given twice.
  SpecReader(simdjson::dom::object object, std::string path, const std::vector<std::string>& known);

  [[nodiscard]] std::optional<simdjson::dom::element> find(std::string_view key) const;
  [[nodiscard]] std::string at(std::string_view key) const;  // dotted path of a key

  // The value, or `otherwise` when the key is absent or null.
  [[nodiscard]] std::string text(std::string_view key, std::string otherwise = {}) const;
  [[nodiscard]] bool boolean(std::string_view key, bool otherwise) const;
  [[nodiscard]] double amount(std::string_view key, double otherwise) const;   // a finite number >= 0
  [[nodiscard]] int64_t count(std::string_view key, int64_t otherwise) const;  // a whole number >= 0
  // One text or a list of texts.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  // An object of scalars, numbers and booleans turned into text as YAML wrote them.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> scalars(std::string_view key) const;
  [[nodiscard]] std::optional<SpecReader> object(std::string_view key, const std::vector<std::string>& known) const;

  [[noreturn]] void refuse(std::string_view key, const std::string& why, const std::string& hint = {}) const;
  [[noreturn]] void wrong_type(std::string_view key, const char* wanted, simdjson::dom::element got) const;

 private:
  simdjson::dom::object object_;
  std::string path_;
};

}  // namespace stoker
