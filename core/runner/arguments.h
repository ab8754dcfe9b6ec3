// The command line: COMMAND and --name value pairs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace stoker::runner {

class Arguments {
 public:
  // Throws Failure{kExitUsage}. `--follow` takes no value.
  Arguments(int count, const char* const* values);

  [[nodiscard]] const std::string& command() const { return command_; }
  [[nodiscard]] std::string text(const std::string& name) const;  // throws when it is missing
  [[nodiscard]] int64_t integer(const std::string& name) const;   // not negative
  [[nodiscard]] int64_t integer(const std::string& name, int64_t fallback) const;
  [[nodiscard]] bool has(const std::string& name) const { return options_.count(name) != 0; }
  [[nodiscard]] std::string phase() const;  // setup or train

 private:
  std::string command_;
  std::map<std::string, std::string> options_;
};

}  // namespace stoker::runner
