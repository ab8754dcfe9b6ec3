#include "core/runner/arguments.h"

#include <charconv>

#include "core/runner/failure.h"
#include "core/runner/protocol.h"

namespace stoker::runner {

Arguments::Arguments(int count, const char* const* values) {
  if (count < 2) throw Failure(kExitUsage, "usage: stoker-runner COMMAND [--OPTION VALUE]...");
  command_ = values[1];
  for (int i = 2; i < count; ++i) {
    const std::string word = values[i];
    if (word.rfind("--", 0) != 0) throw Failure(kExitUsage, command_ + ": unexpected argument " + word);
    const std::string name = word.substr(2);
    if (name == "follow") {
      options_[name] = "";
    } else if (i + 1 < count) {
      options_[name] = values[++i];
    } else {
      throw Failure(kExitUsage, command_ + ": " + word + " has no value");
    }
  }
}

std::string Arguments::text(const std::string& name) const {
  const auto option = options_.find(name);
  if (option == options_.end()) throw Failure(kExitUsage, command_ + ": --" + name + " is missing");
  return option->second;
}

int64_t Arguments::integer(const std::string& name) const {
  const std::string value = text(name);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < 0)
    throw Failure(kExitUsage, command_ + ": --" + name + " is not a number: " + value);
  return number;
}

int64_t Arguments::integer(const std::string& name, int64_t fallback) const {
  return has(name) ? integer(name) : fallback;
}

std::string Arguments::phase() const {
  std::string phase = text("phase");
  if (phase != "setup" && phase != "train")
    throw Failure(kExitUsage, command_ + ": --phase is setup or train, not " + phase);
  return phase;
}

}  // namespace stoker::runner
