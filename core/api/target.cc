#include "core/api/target.h"

#include <charconv>

#include "core/error.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) throw Error(Fault::invalid, "the request target has a bad percent sequence");
      const char byte = static_cast<char>(high * 16 + low);
      if (byte == '\0') throw Error(Fault::invalid, "the request target holds a NUL");
      out += byte;
      i += 2;
    }
  }
  if (to_utf8(out) != out) throw Error(Fault::invalid, "the request target is not UTF-8");
  return out;
}

void parse_path(std::string_view path, std::vector<std::string>& parts) {
  path.remove_prefix(1);
  while (!path.empty()) {
    const size_t slash = path.find('/');
    std::string part = decode(path.substr(0, slash), false);
    if (part.empty() || part == "." || part == "..")
      throw Error(Fault::invalid, "the path has an empty or a dotted part");
    parts.push_back(std::move(part));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
    if (path.empty()) throw Error(Fault::invalid, "the path ends in a slash");
  }
}

void parse_query(std::string_view query, Target& target) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    std::string key = decode(pair.substr(0, equals), true);
    if (target.find(key)) throw Error(Fault::invalid, "the query names " + key + " twice", {}, key);
    target.query.emplace_back(std::move(key),
                              equals == std::string_view::npos ? "" : decode(pair.substr(equals + 1), true));
  }
}

}  // namespace

const std::string* Target::find(std::string_view key) const {
  for (const auto& [name, value] : query)
    if (name == key) return &value;
  return nullptr;
}

std::string Target::text(std::string_view key, std::string otherwise) const {
  const std::string* value = find(key);
  if (value) return *value;
  return otherwise;
}

int64_t Target::number(std::string_view key, int64_t otherwise, int64_t low, int64_t high) const {
  const std::string* value = find(key);
  if (!value) return otherwise;
  const auto number = parse_count(*value);
  if (!number || *number < low || *number > high) {
    const std::string range = high == INT64_MAX ? "from " + std::to_string(low) + " on"
                                                : "from " + std::to_string(low) + " to " + std::to_string(high);
    throw Error(Fault::invalid, std::string(key) + " is not a whole number " + range, {}, std::string(key));
  }
  return *number;
}

bool Target::flag(std::string_view key) const {
  const std::string* value = find(key);
  if (!value || *value == "false") return false;
  if (*value == "true") return true;
  throw Error(Fault::invalid, std::string(key) + " is neither true nor false", {}, std::string(key));
}

std::optional<int64_t> parse_count(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Target parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/')
    throw Error(Fault::invalid, "the request target does not begin with a slash");
  Target result;
  const size_t question = target.find('?');
  parse_path(target.substr(0, question), result.path);
  if (question != std::string_view::npos) parse_query(target.substr(question + 1), result);
  return result;
}

}  // namespace stoker::api
