#include "plain_frame.h"

#include <cstring>

#include "number.h"

namespace stoker::transformers {
namespace {

constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4};
constexpr char kSame = '\xff', kDigit = '\xf0';

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

bool PlainFrame::differs_in_digits(std::string_view text) const noexcept {
  const auto differs = [&](std::size_t at) {
    unsigned char any = 0;
    for (std::size_t k = 0; k < kBlock; ++k)
      any |= static_cast<unsigned char>((text[at + k] ^ last_[at + k]) & constant_[at + k]);
    return any;
  };
  unsigned char any = differs(size_ - kBlock);
  for (std::size_t at = 0; at + kBlock < size_; at += kBlock) any |= differs(at);
  return any == 0;
}

bool PlainFrame::read_digits(std::string_view text, Bar& out) const noexcept {
  unsigned other = 0;  // what shares the bits of digits and is none
  const auto digit = [&](std::size_t i) {
    const auto value = static_cast<unsigned>(text[i] - '0');
    other |= value > 9 ? 1 : 0;
    return static_cast<std::int64_t>(value);
  };
  std::int64_t n = 0, seconds = 0, part = 0, rate = 0;
  for (std::size_t i = n_.begin; i < n_.end; ++i) n = n * 10 + digit(i);
  for (std::size_t i = elapsed_.begin; i < elapsed_.end; ++i) {
    if (last_[i] == ':') {
      seconds = (seconds + part) * 60;
      part = 0;
    } else {
      part = part * 10 + digit(i);
    }
  }
  for (std::size_t i = rate_.begin; i < point_; ++i) rate = rate * 10 + digit(i);
  for (std::size_t i = point_ + 1U; i < rate_.end; ++i) rate = rate * 10 + digit(i);
  if (other != 0) return false;
  const double value = static_cast<double>(rate) / kPowers[rate_.end - point_ - 1];
  out = bar_;
  out.n = n;
  out.elapsed_s = static_cast<double>(seconds + part);
  out.rate = rate == 0 ? -1 : slow_ ? 1 / value : value;
  out.unit = text.substr(unit_.begin, static_cast<std::size_t>(unit_.end - unit_.begin));
  return true;
}

bool PlainFrame::learn(std::string_view text, Bar& out) noexcept {
  if (text.size() < kBlock || text.size() > kLongest || text.back() != ']') return false;
  const auto place = [](std::size_t begin, std::size_t end) {
    return Place{static_cast<std::uint8_t>(begin), static_cast<std::uint8_t>(end)};
  };
  size_ = kNone;
  std::size_t i = text.find_first_not_of(' ');
  const std::size_t percent = i;
  if (!skip_digits(text, i) || i - percent > 3 || !skip(text, i, "%|")) return false;
  i = text.find_first_of("|{", i);
  if (i == kNone || !skip(text, i, "| ")) return false;
  const std::size_t n = i;
  if (!skip_digits(text, i) || text[i] != '/') return false;
  n_ = place(n, i++);
  const std::size_t total = i;
  if (!skip_digits(text, i)) return false;
  bar_.total = parse_number(text.substr(total, i - total))->i;
  if (!skip(text, i, " [")) return false;
  const std::size_t elapsed = i;
  if (!skip_interval(text, i) || text[i] != '<') return false;
  elapsed_ = place(elapsed, i++);
  const std::size_t left = i;
  if (!skip_interval(text, i) || text[i] != ',') return false;
  const std::size_t comma = i++;
  while (text[i] == ' ') ++i;
  const std::size_t rate = i;
  if (!skip_digits(text, i) || text[i] != '.') return false;
  point_ = static_cast<std::uint8_t>(i++);
  if (!skip_digits(text, i) || i - point_ > 4) return false;
  rate_ = place(rate, i);
  auto unit = text.substr(i, text.size() - 1 - i);
  slow_ = unit.starts_with("s/");
  if (unit.find_first_of(",{[]") != kNone || (!slow_ && !unit.ends_with("/s"))) return false;
  unit_ = slow_ ? place(i + 2, text.size() - 1) : place(i, text.size() - 3);
  bar_.begin = percent;
  bar_.end = text.size();

  std::memcpy(last_.data(), text.data(), text.size());
  constant_.fill(kSame);
  for (const Place& digits : {place(percent, percent + 1), n_, elapsed_, place(left, comma), rate_})
    for (std::size_t k = digits.begin; k < digits.end; ++k)
      if (is_digit(text[k])) constant_[k] = kDigit;
  size_ = text.size();
  return read_digits(text, out);
}

}  // namespace stoker::transformers
