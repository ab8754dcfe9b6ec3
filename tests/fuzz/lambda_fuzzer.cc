// link: Stoker::sdk
// link: simdjson::simdjson
// The plugin itself is compiled in, since it is no library to link.
#include "plugins/lambda/lambda_cloud.cc"
#include "tests/fuzz/answering_cloud.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  stoker::test::answer_all_with<stoker::lambda::LambdaCloud>(data, size);
  return 0;
}
