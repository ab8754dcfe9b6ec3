// link: simdjson::simdjson
// The body of a fine-tuning request in both dialects: what is taken can be kept and read again.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/api/openai/fine_tune.cc"  // the pieces alone: the library would bring in the whole agent
#include "core/api/openai/openai_request.cc"
#include "core/api/openai/request_reader.cc"
#include "core/api/openai/together_request.cc"

namespace {

using stoker::api::openai::FineTune;

void check(FineTune (*read)(std::string_view), std::string_view body) {
  try {
    const FineTune it = read(body);
    for (const auto& number : {it.learning_rate, it.multiplier, it.beta})
      if (number && !(std::isfinite(*number) && *number > 0)) std::abort();
    if (it.epochs && (*it.epochs < 1 || *it.epochs > 50)) std::abort();
    if (it.batch_size && (*it.batch_size < 1 || *it.batch_size > 256)) std::abort();
    if (it.suffix.size() > 64 || it.suffix.find('/') != std::string::npos) std::abort();
    const FineTune again = FineTune::of_json(it.json());
    if (again.json() != it.json() || again.model != it.model || again.metadata != it.metadata) std::abort();
  } catch (const stoker::Error& error) {
    if (error.fault != stoker::Fault::invalid && error.fault != stoker::Fault::unsupported) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check(stoker::api::openai::read_openai_request, body);
  check(stoker::api::openai::read_together_request, body);
  return 0;
}
