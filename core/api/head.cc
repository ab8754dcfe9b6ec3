#include "core/api/head.h"

#include <algorithm>

namespace stoker::api {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), token_char); }

bool value_char(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<HeadFault> parse_request_line(std::string_view line, Head& head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return HeadFault{400, "the request line is not METHOD TARGET VERSION"};
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || method.size() > 32) return HeadFault{400, "the method is not a word"};
  if (target.size() > kMaxTargetBytes) return HeadFault{414, "the request target is longer than 8192 bytes"};
  const auto visible = [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
  };
  if (target.empty() || !std::all_of(target.begin(), target.end(), visible))
    return HeadFault{400, "the request target has characters that must be percent-encoded"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return HeadFault{505, "only HTTP/1.1 is spoken here"};
  head.method = method;
  head.target = target;
  head.minor = version.back() - '0';
  return std::nullopt;
}

std::optional<HeadFault> parse_field(std::string_view line, Head& head) {
  if (line.front() == ' ' || line.front() == '\t') return HeadFault{400, "a header field is folded over two lines"};
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return HeadFault{400, "a header field has no colon"};
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_token(name)) return HeadFault{400, "the name of a header field is not a word"};
  if (!std::all_of(value.begin(), value.end(), value_char))
    return HeadFault{400, "a header field holds a control character"};
  if (head.fields.size() == kMaxHeadFields) return HeadFault{431, "more than 64 header fields"};
  head.fields.emplace_back(name, value);
  return std::nullopt;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Head::find(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (same_word(key, name)) return value;
  return std::nullopt;
}

size_t Head::count(std::string_view name) const {
  return static_cast<size_t>(
      std::count_if(fields.begin(), fields.end(), [&](const auto& field) { return same_word(field.first, name); }));
}

size_t head_size(std::string_view bytes) {
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return at + 1;
    if (at == 1 || (at >= 3 && bytes.substr(at - 3, 3) == "\r\n\r")) return at + 1;
  }
  return 0;
}

HeadResult parse_head(std::string_view bytes) {
  HeadResult result;
  const auto refuse = [&](HeadFault fault) {
    result.fault = std::move(fault);
    return result;
  };
  if (bytes.size() > kMaxHeadBytes) return refuse({431, "the request head is larger than 16384 bytes"});
  bool first = true;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return refuse({400, "the request head has no end"});
    if (end == 0 || bytes[end - 1] != '\r') return refuse({400, "a line of the request head does not end in CR LF"});
    const std::string_view line = bytes.substr(0, end - 1);
    bytes.remove_prefix(end + 1);
    if (line.empty()) {
      if (first) return refuse({400, "the request line is empty"});
      if (!bytes.empty()) return refuse({400, "bytes follow the request head"});
      return result;
    }
    auto fault = first ? parse_request_line(line, result.head) : parse_field(line, result.head);
    if (fault) return refuse(std::move(*fault));
    first = false;
  }
  return refuse({400, "the request head has no end"});
}

}  // namespace stoker::api
