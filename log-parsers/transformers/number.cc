#include "number.h"

#include <charconv>
#include <limits>

namespace stoker::transformers {

std::optional<Number> parse_number(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Number number;
  auto [at, error] = std::from_chars(text.data(), end, number.i);
  if (error == std::errc{} && at == end) {
    number.whole = true;
    return number;
  }
  const char first = text.front() == '-' && text.size() > 1 ? text[1] : text.front();
  if (first == 'n' || first == 'i') {  // from_chars also reads nan(...) and infinity, which Python does not print
    const std::string_view word = text.substr(text.front() == '-' ? 1 : 0);
    const double sign = text.front() == '-' ? -1.0 : 1.0;
    if (word == "nan") return Number{false, 0, std::numeric_limits<double>::quiet_NaN()};
    if (word == "inf") return Number{false, 0, sign * std::numeric_limits<double>::infinity()};
    return std::nullopt;
  }
  auto [behind, fault] = std::from_chars(text.data(), end, number.r);
  if (behind != end || fault == std::errc::invalid_argument) return std::nullopt;
  if (fault == std::errc::result_out_of_range) {
    const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    number.r = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  }
  return number;
}

std::size_t read_long_real(std::string_view text, std::size_t at, Number& out) noexcept {
  const char* const end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data() + at, end, out.r);
  out.whole = false;
  return error == std::errc{} && behind != end ? static_cast<std::size_t>(behind - text.data())
                                               : std::string_view::npos;
}

}  // namespace stoker::transformers
