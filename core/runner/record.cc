#include "core/runner/record.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "core/runner/file.h"

namespace stoker::runner {
namespace {

constexpr size_t kMaxDepth = 16;

// Builds the tree from RapidJSON's events: the names of the functions are its own. What lies within an array is read
// past.
using Kind = JsonValue::Kind;

class TreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TreeBuilder> {
 public:
  explicit TreeBuilder(JsonValue& root) : root_(root) {}

  bool Default() { return put(Kind::kOther); }
  bool Bool(bool value) { return put(value ? Kind::kTrue : Kind::kOther); }
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Int64(value); }
  bool Int64(int64_t value) { return put(Kind::kInteger, value); }
  bool Uint64(uint64_t value) { return value <= INT64_MAX ? Int64(static_cast<int64_t>(value)) : Default(); }
  bool String(const char* text, rapidjson::SizeType size, bool) { return put(Kind::kText, 0, std::string(text, size)); }
  bool Key(const char* name, rapidjson::SizeType size, bool) {
    name_.assign(name, size);
    return true;
  }
  bool StartObject() {
    if (arrays_ > 0) return ++arrays_ <= kMaxDepth;
    return put(Kind::kObject) && open_.size() <= kMaxDepth;
  }
  bool EndObject(rapidjson::SizeType) {
    if (arrays_ > 0)
      --arrays_;
    else
      open_.pop_back();
    return true;
  }
  bool StartArray() { return (arrays_ > 0 || put(Kind::kOther)) && ++arrays_ <= kMaxDepth; }
  bool EndArray(rapidjson::SizeType) {
    --arrays_;
    return true;
  }

 private:
  // An object stays open for its members. Pointers stay good: a parent gets no new member while one of them is open.
  bool put(Kind kind, int64_t integer = 0, std::string text = {}) {
    if (arrays_ > 0) return true;
    JsonValue& value = open_.empty() ? root_ : open_.back()->members.emplace_back();
    value.name = std::move(name_);
    value.kind = kind;
    value.integer = integer;
    value.text = std::move(text);
    if (kind == Kind::kObject) open_.push_back(&value);
    return true;
  }

  JsonValue& root_;
  std::vector<JsonValue*> open_;
  std::string name_;
  size_t arrays_ = 0;  // how deep within an array
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view wanted) const {
  for (const auto& value : members)
    if (value.name == wanted) return &value;
  return nullptr;
}

std::optional<Record> Record::parse(std::string_view text) {
  Record record;
  TreeBuilder builder(record.object_);
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  // Iterative: nested brackets must not exhaust the stack.
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (reader.Parse<kFlags>(stream, builder).IsError()) return std::nullopt;
  if (record.object_.kind != Kind::kObject) return std::nullopt;
  return record;
}

std::optional<Record> Record::read(int dir, const std::string& name) {
  const auto text = read_file(dir, name);
  return text ? parse(*text) : std::nullopt;
}

int64_t Record::integer(std::string_view key, int64_t fallback) const {
  const auto* member = object_.find(key);
  return member != nullptr && member->kind == Kind::kInteger ? member->integer : fallback;
}

bool Record::boolean(std::string_view key) const {
  const auto* member = object_.find(key);
  return member != nullptr && member->kind == Kind::kTrue;
}

std::string Record::text(std::string_view key) const {
  const auto* member = object_.find(key);
  return member != nullptr ? member->text : std::string();
}

}  // namespace stoker::runner
