#include "record.h"

#include <algorithm>

namespace stoker::transformers {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kMaxItems = 256, kMaxLeads = 2048;

bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

std::size_t skip_spaces(std::string_view text, std::size_t i) noexcept {
  while (i < text.size() && is_space(text[i])) ++i;
  return i;
}

// The index behind the string that begins with the quote at `i`; `inside` gets what is between the quotes.
std::size_t skip_string(std::string_view text, std::size_t i, std::string_view& inside) noexcept {
  const char quote = text[i];
  const std::size_t begin = ++i;
  for (i = find_either(text, quote, '\\', i); i < text.size(); i = find_either(text, quote, '\\', i + 2)) {
    if (text[i] != quote) continue;
    inside = text.substr(begin, i - begin);
    return i + 1;
  }
  return kNone;
}

// The index of the ',' or '}' that ends the value at `i`, over nested brackets and strings.
std::size_t skip_value(std::string_view text, std::size_t i) noexcept {
  std::size_t depth = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      std::string_view ignored;
      const std::size_t behind = skip_string(text, i, ignored);
      if (behind == kNone) return kNone;
      i = behind - 1;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (depth > 0 && (c == ')' || c == ']' || c == '}')) {
      --depth;
    } else if (depth == 0 && (c == ',' || c == '}')) {
      return i;
    }
  }
  return kNone;
}

// A plain number, perhaps in quotes, that the ',' or '}' at the index returned follows at once; npos for all others.
std::size_t read_plain_value(std::string_view text, std::size_t i, Number& out) noexcept {
  if (i >= text.size()) return kNone;
  const char quote = text[i];
  const bool quoted = quote == '\'' || quote == '"';
  std::size_t end = read_plain_number(text, i + (quoted ? 1 : 0), out);
  if (end == kNone || (quoted && text[end++] != quote)) return kNone;
  return end < text.size() && (text[end] == ',' || text[end] == '}') ? end : kNone;
}

// tensor(1.5, device='cuda:0') and np.float64(1.5) are numbers too.
std::string_view unwrap(std::string_view value) noexcept {
  for (const std::string_view call : {"tensor(", "np.float64(", "np.float32(", "np.int64("}) {
    if (!value.starts_with(call)) continue;
    value.remove_prefix(call.size());
    return value.substr(0, std::min(value.find(','), value.find(')')));
  }
  return value;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// Any value; `end` becomes where it ends, npos where it does not. False where it is no number.
bool read_value(std::string_view text, std::size_t i, std::size_t& end, Number& out) noexcept {
  end = skip_value(text, i);
  if (end == kNone) return false;
  std::string_view value = trim(text.substr(i, end - i));
  if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"') && value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  const auto number = parse_number(unwrap(value));
  if (number) out = *number;
  return number.has_value();
}

}  // namespace

const Item* Record::find(std::string_view key) const noexcept {
  for (const auto& item : items) {
    if (item.key == key) return &item;
  }
  return nullptr;
}

std::size_t Record::parse(std::string_view text, std::size_t at) {
  const std::size_t behind = known_ ? parse_like_last(text, at) : kNone;
  return behind != kNone ? behind : parse_any(text, at);
}

std::size_t Record::parse_like_last(std::string_view text, std::size_t at) noexcept {
  for (std::size_t k = 0; k < shape_.size(); ++k) {
    const Lead& lead = shape_[k];
    if (!has_at(text, at, std::string_view(leads_).substr(lead.begin, lead.end - lead.begin))) return kNone;
    items[k].key = text.substr(at + lead.key_begin - lead.begin, lead.key_end - lead.key_begin);
    at = read_plain_value(text, at + lead.end - lead.begin, items[k].value);
    if (at == kNone) return kNone;
  }
  return text[at] == '}' ? at + 1 : kNone;
}

// False where a record has more than is kept.
bool Record::learn(std::string_view lead, std::string_view key) {
  const std::size_t begin = leads_.size(), key_begin = begin + static_cast<std::size_t>(key.data() - lead.data());
  if (begin + lead.size() > kMaxLeads || shape_.size() == kMaxItems) return false;
  leads_ += lead;
  const auto place = [](std::size_t i) { return static_cast<std::uint16_t>(i); };
  shape_.push_back({place(begin), place(leads_.size()), place(key_begin), place(key_begin + key.size())});
  return true;
}

std::size_t Record::parse_any(std::string_view text, std::size_t at) {
  items.clear();
  leads_.clear();
  shape_.clear();
  known_ = false;
  bool plain = true;
  std::size_t i = at + 1;
  while (true) {
    const std::size_t begin = i - 1;
    i = skip_spaces(text, i);
    if (i >= text.size() || (text[i] != '\'' && text[i] != '"')) return kNone;
    std::string_view key;
    i = skip_string(text, i, key);
    if (i == kNone) return kNone;
    i = skip_spaces(text, i);
    if (i >= text.size() || text[i] != ':') return kNone;
    i = skip_spaces(text, i + 1);
    Number value;
    std::size_t end = read_plain_value(text, i, value);
    plain = plain && end != kNone && !key.empty() && learn(text.substr(begin, i - begin), key);
    const bool known = end != kNone || read_value(text, i, end, value);
    if (end == kNone) return kNone;
    if (known && !key.empty() && items.size() < kMaxItems) {
      Item& item = items.emplace_back();
      item.key = key;
      item.value = value;
    }
    i = end + 1;
    if (text[end] != '}') continue;
    known_ = plain;
    return i;
  }
}

}  // namespace stoker::transformers
