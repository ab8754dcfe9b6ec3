// What a line, or an exception, says went wrong.
#pragma once

#include <string_view>

namespace stoker::transformers {

enum class Retry { no, yes, unknown };

struct Fault {
  std::string_view kind, hint;
  Retry retry = Retry::unknown;
};

// A fault that a single line tells outside of a traceback; nullptr: none.
const Fault* fault_of_line(std::string_view text) noexcept;

// The fault behind "exception: message"; kind `exception` where nothing closer is known. Never nullptr.
const Fault* fault_of_exception(std::string_view exception, std::string_view message) noexcept;

// Whether this fault only reports that another process failed, so that any other fault explains more.
bool is_wrapper(const Fault& fault) noexcept;

}  // namespace stoker::transformers
