// What a line, or an exception, says went wrong.
#pragma once

#include <cstdint>
#include <string_view>

namespace stoker::training_log {

enum class Retry { no, yes, unknown };

// How much a fault explains: a cause explains itself; an effect may be of what happened to another process; a wrapper
// only reports that another process failed.
enum class Weight { cause, effect, wrapper };

struct TrainingFault {
  std::string_view kind, hint;
  Retry retry = Retry::unknown;
  Weight weight = Weight::cause;
};

// For a loss or a gradient that is no number.
inline constexpr std::string_view kNanHint =
    "lower the learning rate, use bf16 instead of fp16, or look for broken samples in the data";

// Whether a line may tell of a fault, or begin what does: all others need not be read outside of a traceback.
[[nodiscard]] bool is_telling(std::string_view line) noexcept;

// A fault that a single line tells outside of a traceback; nullptr: none.
[[nodiscard]] const TrainingFault* fault_of_line(std::string_view line) noexcept;

// The fault behind "exception: message"; kind `exception` where nothing closer is known. Never nullptr.
[[nodiscard]] const TrainingFault* fault_of_exception(std::string_view exception, std::string_view message) noexcept;

// The fault of a process that ended with this code, negative for a signal as Python has it. Never nullptr.
[[nodiscard]] const TrainingFault* fault_of_exit_code(int64_t code) noexcept;

}  // namespace stoker::training_log
