#include "core/plugin_host/http_date.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxDigits = 15;
constexpr int64_t kYearOf2001 = 1'000'000'000;  // seconds since 1970 that no interval reaches

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<int64_t> parse_digits(std::string_view text) {
  if (text.empty() || text.size() > kMaxDigits || !std::all_of(text.begin(), text.end(), is_digit)) return {};
  int64_t number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return number;
}

std::optional<int64_t> parse_http_date(std::string_view text) {
  constexpr std::string_view kForm = "www, dd mmm yyyy hh:mm:ss GMT";
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != kForm.size()) return {};
  for (size_t i = 0; i < text.size(); ++i) {
    const char form = kForm[i];
    const bool number = form == 'd' || form == 'y' || form == 'h' || form == 's' || (form == 'm' && i > 11);
    if (number ? !is_digit(text[i]) : form != 'w' && form != 'm' && text[i] != form) return {};
  }
  const auto field = [&](size_t at, size_t size) { return static_cast<int>(*parse_digits(text.substr(at, size))); };
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return {};
  using namespace std::chrono;
  const year_month_day day{year(field(12, 4)), std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
                           std::chrono::day(static_cast<unsigned>(field(5, 2)))};
  const int h = field(17, 2), m = field(20, 2), s = field(23, 2);
  if (!day.ok() || h > 23 || m > 59 || s > 60) return {};
  return (int64_t{sys_days(day).time_since_epoch().count()} * 86'400 + h * 3600 + m * 60 + s) * 1000;
}

std::optional<int64_t> parse_retry_after(std::string_view value, int64_t wall_ms) {
  if (const auto seconds = parse_digits(value)) return *seconds * 1000;
  if (const auto date = parse_http_date(value)) return std::max<int64_t>(0, *date - wall_ms);
  return {};
}

std::optional<int64_t> parse_rate_limit_reset(std::string_view value, int64_t wall_ms) {
  const auto seconds = parse_digits(value);
  if (!seconds) return {};
  if (*seconds < kYearOf2001) return *seconds * 1000;
  return std::max<int64_t>(0, *seconds * 1000 - wall_ms);
}

}  // namespace stoker::plugin_host
