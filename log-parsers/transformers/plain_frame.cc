#include "plain_frame.h"

#include <cstring>

#include "number.h"

namespace stoker::transformers {
namespace {

constexpr char kDigit = '\xff';

// Digits at text[i], which something else follows; false for none, and for more than fit.
bool skip_digits(std::string_view text, std::size_t& i) noexcept {
  const std::size_t begin = i;
  while (i < text.size() && is_digit(text[i])) ++i;
  return i > begin && i - begin <= 12 && i < text.size();
}

bool skip(std::string_view text, std::size_t& i, std::string_view expected) noexcept {
  if (!text.substr(i).starts_with(expected)) return false;
  i += expected.size();
  return true;
}

// MM:SS, or H:MM:SS with more hours.
bool skip_interval(std::string_view text, std::size_t& i) noexcept {
  if (!skip_digits(text, i)) return false;
  const bool minutes = skip(text, i, ":") && skip_digits(text, i);
  return minutes && (text[i] != ':' || (skip(text, i, ":") && skip_digits(text, i)));
}

}  // namespace

// That the digits in [begin, end) may be others in the next frame, and how they are read. False where they are too
// many.
bool PlainFrame::mark(Place& place, std::size_t begin, std::size_t end) noexcept {
  if (end < 8 || end - begin > 8) return false;
  place = {end, 0};
  for (std::size_t i = begin; i < end; ++i) {
    if (!is_digit(last_[i])) continue;
    digits_[i] = kDigit;
    place.mask |= std::uint64_t{0xF} << 8 * (8 - (end - i));
  }
  return true;
}

bool PlainFrame::learn(std::string_view text) noexcept {
  if (!detail::kLittleEndian || text.size() < kBlock || text.size() > kLongest || text.back() != ']') return false;
  size_ = kNone;
  std::size_t i = text.find_first_not_of(' ');
  const std::size_t percent = i;
  if (!skip_digits(text, i) || i - percent > 3 || !skip(text, i, "%|")) return false;
  const std::size_t sign = i - 2;
  i = text.find_first_of("|{[", i);
  if (i == kNone || !skip(text, i, "| ")) return false;
  const std::size_t n = i;
  if (!skip_digits(text, i) || text[i] != '/') return false;
  const std::size_t n_end = i++, total = i;
  if (!skip_digits(text, i)) return false;
  bar_.total = parse_number(text.substr(total, i - total))->i;
  if (!skip(text, i, " [")) return false;
  const std::size_t elapsed = i;
  if (!skip_interval(text, i) || text[i] != '<') return false;
  const std::size_t elapsed_end = i++, left = i;
  // MM:SS or H:MM:SS, as the places of their eight bytes are taken.
  const auto time = text.substr(elapsed, elapsed_end - elapsed);
  const auto is_colon = [&](std::size_t back) { return time.size() < back || time[time.size() - back] == ':'; };
  if (!is_colon(3) || !is_colon(6)) return false;
  if (!skip_interval(text, i) || text[i] != ',') return false;
  const std::size_t comma = i++;
  while (text[i] == ' ') ++i;
  const std::size_t rate = i;
  if (!skip_digits(text, i) || text[i] != '.') return false;
  const std::size_t point = i++;
  if (!skip_digits(text, i) || i != point + 3) return false;
  const std::size_t rate_end = i;
  const auto unit = text.substr(i, text.size() - 1 - i);
  slow_ = unit.starts_with("s/");
  if (unit.find_first_of(",{[]") != kNone || (!slow_ && !unit.ends_with("/s"))) return false;
  if (unit.starts_with('e') || has_capital(text)) return false;  // an exponent; a message
  unit_ = slow_ ? i + 2 : i;
  unit_size_ = unit.size() - 2;
  bar_.begin = percent;
  bar_.end = text.size();

  std::memcpy(last_.data(), text.data(), text.size());
  digits_.fill(0);
  std::memset(digits_.data() + percent, kDigit, sign - percent);
  for (std::size_t k = left; k < comma; ++k)
    if (is_digit(text[k])) digits_[k] = kDigit;
  if (!mark(n_, n, n_end) || !mark(elapsed_, elapsed, elapsed_end) || !mark(rate_, rate, rate_end)) return false;
  size_ = text.size();
  return true;
}

}  // namespace stoker::transformers
