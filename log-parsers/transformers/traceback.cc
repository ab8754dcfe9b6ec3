#include "traceback.h"

#include <cctype>

namespace stoker::transformers {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr int kMaxLines = 2000;
constexpr std::size_t kMaxMessage = 1000;

bool is_word(char c) noexcept { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// `  File "/home/me/train.py", line 12, in main`, also where a terminal has wrapped it behind the name.
bool is_frame(std::string_view line) noexcept {
  const auto begin = line.find_first_not_of(' ');
  return begin != kNone && begin > 0 && line.substr(begin).starts_with("File \"") && line.find("\",") != kNone;
}

bool is_exception_name(std::string_view name) noexcept {
  for (const std::string_view end : {"Error", "Exception", "Interrupt", "Exit"})
    if (name.ends_with(end)) return true;
  return false;
}

// A dotted name whose last part looks like a class, followed by ": " or the end.
bool split_exception(std::string_view line, Raised& out) {
  std::size_t i = 0, part = 0;
  while (i < line.size() && (is_word(line[i]) || (line[i] == '.' && i > 0))) {
    if (line[i] == '.') part = i + 1;
    ++i;
  }
  const auto last = line.substr(part, i - part);
  if (last.empty() || std::isupper(static_cast<unsigned char>(last.front())) == 0) return false;
  if (i < line.size() && line[i] != ':') return false;
  out.exception = line.substr(0, i);
  auto message = i < line.size() ? line.substr(i + 1) : std::string_view{};
  while (message.starts_with(' ')) message.remove_prefix(1);
  out.message = message.substr(0, kMaxMessage);
  return true;
}

}  // namespace

bool Traceback::feed(std::string_view line, Raised& raised) {
  if (line.find("Traceback (most recent call last)") != kNone) {
    lines_left_ = kMaxLines;
    benign_ = next_benign_ || line.find("Exception in thread") != kNone;
    next_benign_ = headless_ = false;
    return false;
  }
  if (line.empty()) return false;
  if (line.starts_with("Exception ignored in") || line.starts_with("Exception in thread")) {
    next_benign_ = true;
    return false;
  }
  if (line.starts_with("During handling of the above exception") ||
      line.starts_with("The above exception was the direct cause")) {
    chained_ = true;
    return false;
  }
  if (line.starts_with("Stack (most recent call last)")) in_stack_ = true;
  if (lines_left_ == 0) {
    if (!in_stack_ && is_frame(line)) {
      lines_left_ = kMaxLines;
      headless_ = true;
      return false;
    }
    if (!is_frame(line) && line.front() != ' ') in_stack_ = line.starts_with("Stack ");
    next_benign_ = chained_ = false;
    return false;
  }
  --lines_left_;
  if (line.front() == ' ' || line.front() == '\t') return false;
  if (!split_exception(line, raised)) return false;
  if (headless_ && !is_exception_name(raised.exception)) return false;
  raised.benign = benign_;
  raised.chained = chained_;
  lines_left_ = 0;
  benign_ = chained_ = false;
  return true;
}

}  // namespace stoker::transformers
