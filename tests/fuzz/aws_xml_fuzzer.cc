// link: aws_parts
#include "plugins/aws/xml.h"

#include <simdjson.h>

#include <stoker/cpp/failure.hpp>

// Whatever the bytes are, they are one document or a Failure, and what is read is UTF-8.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const auto root =
        stoker::aws::Xml::parse({reinterpret_cast<const char*>(data), size}, "the fuzzer").any("instanceId");
    const std::string text = root.text();
    if (!simdjson::validate_utf8(text)) __builtin_trap();
    for (const auto& item : root.items()) (void)item["key"].count();
  } catch (const stoker::Failure&) {
  }
  return 0;
}
