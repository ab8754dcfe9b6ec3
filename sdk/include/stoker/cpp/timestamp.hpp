// Points in time as clouds write them (RFC 3339, "2026-11-01T10:00:00Z"), in ms since 1970.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace stoker {

// 0 for what is not such a text. Fractions of a second are kept to the millisecond.
inline std::int64_t parse_timestamp(std::string_view text) noexcept {
  const auto number = [&](std::size_t at, std::size_t digits, int& into) {
    if (at + digits > text.size()) return false;
    const char* end = text.data() + at + digits;
    return text[at] != '-' && text[at] != '+' && std::from_chars(text.data() + at, end, into).ptr == end;
  };
  const auto is = [&](std::size_t at, std::string_view any) {
    return at < text.size() && any.find(text[at]) != std::string_view::npos;
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!number(0, 4, year) || !is(4, "-") || !number(5, 2, month) || !is(7, "-") || !number(8, 2, day) ||
      !is(10, "Tt ") || !number(11, 2, hour) || !is(13, ":") || !number(14, 2, minute) || !is(16, ":") ||
      !number(17, 2, second))
    return 0;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return 0;
  std::size_t at = 19;
  std::int64_t ms = 0;
  if (is(at, ".")) {
    std::int64_t weight = 100;
    for (++at; is(at, "0123456789"); ++at, weight /= 10) ms += weight * (text[at] - '0');
  }
  std::int64_t offset_minutes = 0;
  if (is(at, "+-")) {
    int hours = 0, minutes = 0;
    if (!number(at + 1, 2, hours) || !is(at + 3, ":") || !number(at + 4, 2, minutes) || hours > 23 || minutes > 59)
      return 0;
    offset_minutes = (text[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
    at += 6;
  } else if (is(at, "Zz")) {
    ++at;
  } else {
    return 0;
  }
  if (at != text.size()) return 0;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((std::int64_t{days} * 24 + hour) * 60 + minute - offset_minutes) * 60'000 + second * 1000 + ms;
}

}  // namespace stoker
