// link: stoker_transformers_log
#include "log-parsers/transformers/parser.h"

#include "tests/fuzz/split_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  stoker::fuzz::read_split<stoker::transformers::Parser>(data, size);
  return 0;
}
