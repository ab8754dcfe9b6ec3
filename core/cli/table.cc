#include "core/cli/table.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "core/cli/plain_text.h"

namespace stoker::cli {
namespace {

// Code points; wide characters are rare in names and cost only alignment.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

void Table::row(std::vector<std::string> cells) {
  for (auto& cell : cells) {
    cell = printable(cell);
    std::replace(cell.begin(), cell.end(), '\n', ' ');
    if (cell.empty()) cell = "-";
  }
  rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out) const {
  std::vector<size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    out << line << "\n";
  }
}

std::string format_time(int64_t ms) {
  if (ms <= 0) return "-";
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  return ::localtime_r(&seconds, &local) ? fmt::format("{:%Y-%m-%d %H:%M:%S}", local) : "-";
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "?";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string format_money(std::optional<double> amount, const std::string& currency) {
  if (!amount) return "-";
  const int digits = *amount != 0 && std::fabs(*amount) < 0.1 ? 4 : 2;
  if (currency.empty() || currency == "USD") return fmt::format("${:.{}f}", *amount, digits);
  return fmt::format("{:.{}f} {}", *amount, digits, currency);
}

std::string format_number(std::optional<double> value) { return value ? fmt::format("{:.5g}", *value) : "-"; }

}  // namespace stoker::cli
