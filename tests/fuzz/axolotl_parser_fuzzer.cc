// link: stoker_axolotl_log
#include "log-parsers/axolotl/parser.h"

#include "tests/fuzz/split_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  stoker::fuzz::read_split<stoker::axolotl::Parser>(data, size);
  return 0;
}
