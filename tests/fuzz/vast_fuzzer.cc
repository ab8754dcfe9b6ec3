// link: Stoker::sdk
// link: simdjson::simdjson
// The plugin itself is compiled in, since it is no library to link.
#include "plugins/vast/ask.cc"
#include "plugins/vast/contract.cc"
#include "plugins/vast/refusal.cc"
#include "plugins/vast/vast_cloud.cc"
#include "tests/fuzz/answering_cloud.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  stoker::test::answer_all_with<stoker::vast::VastCloud>(data, size, "7");
  return 0;
}
