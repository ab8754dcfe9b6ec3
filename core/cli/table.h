// Lists for people: columns that are as wide as what stands in them, and the way figures are written.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace stoker::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> titles) { rows_.push_back(std::move(titles)); }
  void row(std::vector<std::string> cells);  // foreign text is made printable
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

[[nodiscard]] std::string format_time(int64_t ms_since_1970);  // local time, "2026-11-23 21:43:05"; "-" for 0
[[nodiscard]] std::string format_duration(double seconds);     // "45s", "2m10s", "3h05m"
[[nodiscard]] std::string format_money(std::optional<double> amount,
                                       const std::string& currency);   // "$0.12"; "-" when unknown
[[nodiscard]] std::string format_number(std::optional<double> value);  // at most 5 significant digits; "-" when unknown

}  // namespace stoker::cli
