#include "core/plugin_host/http_head.h"

#include <algorithm>

namespace stoker::plugin_host {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "HTTP/1.1 200 OK"; the words at the end may lack, and their space too.
void parse_status(std::string_view line, HttpHead& head) {
  constexpr std::string_view kProtocol = "HTTP/1.";
  if (line.size() < 12 || !line.starts_with(kProtocol) || !is_digit(line[7]) || line[8] != ' ' ||
      !std::all_of(line.begin() + 9, line.begin() + 12, is_digit) || (line.size() > 12 && line[12] != ' '))
    throw BadAnswer("its first line is not that of HTTP/1.1");
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (head.status < 100 || head.status > 599) throw BadAnswer("its status is none of HTTP");
  head.keeps_alive = line[7] != '0';
}

HttpField parse_field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    throw BadAnswer("a header line has no proper name");
  HttpField field{std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))};
  for (const unsigned char c : field.value)
    if ((c < 0x20 && c != '\t') || c == 0x7f) throw BadAnswer("a header holds a control character");
  return field;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token(std::string_view text) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || kSigns.find(c) != std::string_view::npos;
  });
}

const std::string* HttpHead::find(std::string_view name) const {
  for (const HttpField& field : fields)
    if (same_name(field.name, name)) return &field.value;
  return nullptr;
}

bool HttpHead::has_word(std::string_view name, std::string_view word) const {
  for (const HttpField& field : fields) {
    if (!same_name(field.name, name)) continue;
    for (std::string_view rest = field.value;;) {
      const size_t comma = std::min(rest.find(','), rest.size());
      if (same_name(trimmed(rest.substr(0, comma)), word)) return true;
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

size_t head_size(std::string_view bytes) {
  const size_t end = bytes.substr(0, kMaxHeadBytes).find("\r\n\r\n");
  if (end != std::string_view::npos) return end + 4;
  if (bytes.size() >= kMaxHeadBytes)
    throw BadAnswer("its head is longer than " + std::to_string(kMaxHeadBytes) + " bytes");
  return 0;
}

HttpHead parse_head(std::string_view bytes) {
  HttpHead head;
  size_t at = bytes.find("\r\n");
  parse_status(bytes.substr(0, at), head);
  for (at += 2;;) {
    const size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) throw BadAnswer("its head ends amid a line");
    if (end == at) break;
    if (head.fields.size() == kMaxHeadFields)
      throw BadAnswer("it has more than " + std::to_string(kMaxHeadFields) + " headers");
    head.fields.push_back(parse_field(bytes.substr(at, end - at)));
    at = end + 2;
  }
  if (head.has_word("Connection", "close")) head.keeps_alive = false;
  return head;
}

}  // namespace stoker::plugin_host
