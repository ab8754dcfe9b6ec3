// link: aws_parts
#include "plugins/aws/aws_cloud.h"
#include "tests/fuzz/answering_cloud.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  stoker::test::answer_all_with<stoker::aws::AwsCloud>(data, size);
  return 0;
}
