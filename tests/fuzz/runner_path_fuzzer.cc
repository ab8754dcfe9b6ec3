// link: stoker_runner_parts
// Paths from the other side: what passes must not leave the folder, however a kernel reads it. And patterns over them.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/runner/beneath.h"
#include "core/runner/glob.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = input.find('\n');
  const std::string path(input.substr(0, cut));
  if (stoker::runner::unsafe_reason(path) == nullptr) {
    const std::filesystem::path taken(path);
    if (taken.is_absolute() || taken.lexically_normal() != taken || path.find('\0') != std::string::npos) std::abort();
    if (*taken.begin() == "..") std::abort();
  }
  if (cut != std::string_view::npos && cut <= 1024 && size - cut <= 1024)
    (void)stoker::runner::glob_matches(input.substr(cut + 1), path);
  return 0;
}
