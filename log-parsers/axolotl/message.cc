#include "message.h"

#include <charconv>

namespace stoker::axolotl {
namespace {

constexpr std::string_view kLogger = "] [axolotl.";

// Takes "[NAME:number] " off the front.
bool take_number(std::string_view& text, std::string_view name, std::int32_t& number) noexcept {
  if (!text.starts_with(name)) return false;
  const char* begin = text.data() + name.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ']') return false;
  text.remove_prefix(static_cast<std::size_t>(end + 1 - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Message> find_message(std::string_view line) noexcept {
  const std::size_t logger = line.find(kLogger);
  if (logger == std::string_view::npos) return std::nullopt;
  const std::size_t end = line.find(']', logger + kLogger.size());
  if (end == std::string_view::npos) return std::nullopt;
  Message message;
  message.text = line.substr(end + 1);
  if (message.text.starts_with(' ')) message.text.remove_prefix(1);
  std::int32_t pid = 0;
  take_number(message.text, "[PID:", pid);
  take_number(message.text, "[RANK:", message.rank);
  while (message.text.ends_with(' ')) message.text.remove_suffix(1);
  return message;
}

}  // namespace stoker::axolotl
