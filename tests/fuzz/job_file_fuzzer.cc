// link: stoker_cli
#include <cstdint>
#include <string_view>

#include "core/cli/job_file.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    stoker::cli::JobFile job({reinterpret_cast<const char*>(data), size}, "job.yaml", "/folder");
    job.set("limits.max_cost=5");
    job.resolve([](const std::string&) { return std::string("value"); });
    (void)job.json();
  } catch (const stoker::Error&) {
  }
  return 0;
}
