#include "core/runner/record.h"

#include "core/runner/file.h"

namespace stoker::runner {

std::optional<Record> Record::parse(std::string_view text) {
  Record record;
  // Iterative: nested brackets must not exhaust the stack.
  record.document_.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(),
                                                                                                 text.size());
  if (record.document_.HasParseError() || !record.document_.IsObject()) return std::nullopt;
  return record;
}

std::optional<Record> Record::read(int dir, const std::string& name) {
  const auto text = read_file(dir, name);
  return text ? parse(*text) : std::nullopt;
}

int64_t Record::integer(const char* key, int64_t fallback) const {
  const auto member = document_.FindMember(key);
  return member != document_.MemberEnd() && member->value.IsInt64() ? member->value.GetInt64() : fallback;
}

bool Record::boolean(const char* key) const {
  const auto member = document_.FindMember(key);
  return member != document_.MemberEnd() && member->value.IsTrue();
}

std::string Record::text(const char* key) const {
  const auto member = document_.FindMember(key);
  if (member == document_.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

}  // namespace stoker::runner
