// link: stoker_jobs
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "core/jobs/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stoker;
  try {
    const auto spec =
        jobs::parse_spec({reinterpret_cast<const char*>(data), size}, {true, {"local"}, {"transformers"}});
    (void)jobs::stored_spec(jobs::to_json(spec));
  } catch (const Error&) {
  }
  return 0;
}
