// link: stoker_runner_parts
// spec.json and the secrets, as stoker-runner reads them.
#include <cstdint>
#include <string_view>

#include "core/runner/failure.h"
#include "core/runner/secrets.h"
#include "core/runner/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto parse = [&](auto reader) {
    try {
      (void)reader(input);
    } catch (const stoker::runner::Failure&) {
      return;
    }
  };
  parse(stoker::runner::parse_spec);
  parse(stoker::runner::parse_secrets);
  return 0;
}
