#include "core/training_log/traceback.h"

#include <algorithm>
#include <cctype>

namespace stoker::training_log {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr int kMaxLines = 2000;
constexpr int kMaxOtherLines = 300;  // behind an exception, until those of the other processes are given up
constexpr int kMaxOthers = 64;
constexpr std::size_t kMaxMessage = 1000;
constexpr std::size_t kMaxName = 120;
constexpr std::string_view kTraceback = "Traceback (most recent call last)";
constexpr std::string_view kTerminate = "terminate called after throwing an instance of '";

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

// What only tells where an exception came from that ended nothing.
bool begins_benign(std::string_view line) noexcept {
  for (const std::string_view begin : {"Exception ignored in", "Exception in thread", "--- Logging error ---",
                                       "Error in sys.excepthook", "Error in atexit._run_exitfuncs"})
    if (line.starts_with(begin)) return true;
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
  if (last.empty() || std::isupper(static_cast<unsigned char>(last.front())) == 0 || i > kMaxName) return false;
  if (i < line.size() && line[i] != ':') return false;
  out.exception = line.substr(0, i);
  auto message = i < line.size() ? line.substr(i + 1) : std::string_view{};
  while (message.starts_with(' ')) message.remove_prefix(1);
  out.message = message.substr(0, kMaxMessage);
  return true;
}

}  // namespace

void Traceback::begin(std::string_view line) {
  // Within another one that has no exception yet: a second process prints to the same place.
  others_ = lines_left_ > 0 ? std::min(others_ + 1, kMaxOthers) : 0;
  lines_left_ = kMaxLines;
  benign_ = next_benign_ || line.find("Exception in thread") != kNone;
  next_benign_ = headless_ = in_stack_ = false;
  announced_.clear();
  auto name = line.substr(0, line.find(kTraceback));
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (is_exception_name(name) && std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '.'; }))
    announced_ = name.substr(0, kMaxName);
}

// A line outside of any traceback; always false: it names no exception.
bool Traceback::feed_closed(std::string_view line) {
  if (!in_stack_ && is_frame(line)) {
    lines_left_ = kMaxLines;
    headless_ = true;
    return false;
  }
  if (!is_frame(line) && line.front() != ' ') in_stack_ = line.starts_with("Stack ");
  next_benign_ = chained_ = false;
  return false;
}

// "  what():  CUDA error: ..." behind the line that named the class.
bool Traceback::feed_terminate(std::string_view line, Raised& raised) {
  constexpr std::string_view kWhat = "what():";
  const auto at = line.find(kWhat);
  if (at == kNone) return false;
  auto message = line.substr(at + kWhat.size());
  while (message.starts_with(' ')) message.remove_prefix(1);
  raised = {announced_.substr(kTerminate.size()), std::string(message.substr(0, kMaxMessage)), false, false};
  announced_.clear();
  lines_left_ = 0;
  return true;
}

bool Traceback::feed(std::string_view line, Raised& raised) {
  if (line.empty()) return false;
  if (line.find(kTraceback) != kNone) {
    begin(line);
    return false;
  }
  if (line.starts_with(kTerminate)) {
    const auto name = line.substr(kTerminate.size(), kMaxName);
    announced_ = std::string(kTerminate).append(name.substr(0, name.find('\'')));
    lines_left_ = 20;
    return false;
  }
  if (begins_benign(line)) {
    next_benign_ = true;
    return false;
  }
  if (line.starts_with("During handling of the above exception") ||
      line.starts_with("The above exception was the direct cause")) {
    chained_ = true;
    return false;
  }
  if (line.starts_with("Stack (most recent call last)")) in_stack_ = true;
  if (lines_left_ == 0) return feed_closed(line);
  --lines_left_;
  if (announced_.starts_with(kTerminate)) return feed_terminate(line, raised);
  if (line.front() == ' ' || line.front() == '\t') return false;
  if (!split_exception(line, raised)) return false;
  if ((headless_ || others_ > 0) && !is_exception_name(raised.exception)) return false;
  if (!announced_.empty() && !raised.exception.ends_with(announced_)) return false;
  raised.benign = benign_;
  raised.chained = chained_;
  headless_ = others_ > 0;
  lines_left_ = headless_ ? kMaxOtherLines : 0;
  others_ = std::max(others_ - 1, 0);
  benign_ = chained_ = false;
  announced_.clear();
  return true;
}

}  // namespace stoker::training_log
