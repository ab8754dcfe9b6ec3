// Inputs that nobody thought of: logs for a log parser, answers of its cloud for a provider. Each comes from a number
// alone, its seed, so that what one of them does can be seen again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>

namespace stoker::check {

struct FuzzOptions {
  std::filesystem::path plugin, fixtures;
  int64_t seconds = 60;
  std::optional<uint64_t> reproduce;  // this seed only
  bool in_process = false;            // for a debugger; with `reproduce`
};

// Prints the seed and the sentence of what is found, and stops there. Whether nothing was.
bool fuzz(const FuzzOptions& options, std::ostream& out);

}  // namespace stoker::check
