// A small JSON object from a file of the job. Wrong or missing members read as the fallback: files may be torn or
// foreign.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoker::runner {

class Record {
 public:
  // Nothing when the text is not a JSON object.
  [[nodiscard]] static std::optional<Record> parse(std::string_view text);
  // Nothing when the file is absent or holds no JSON object.
  [[nodiscard]] static std::optional<Record> read(int dir, const std::string& name);

  [[nodiscard]] bool has(const char* key) const { return document_.HasMember(key); }
  [[nodiscard]] int64_t integer(const char* key, int64_t fallback = 0) const;
  [[nodiscard]] bool boolean(const char* key) const;
  [[nodiscard]] std::string text(const char* key) const;
  [[nodiscard]] const rapidjson::Document& json() const { return document_; }

 private:
  rapidjson::Document document_;
};

}  // namespace stoker::runner
