// link: Stoker::sdk
// link: simdjson::simdjson
// The plugin itself is compiled in, since it is no library to link.
#include "plugins/digitalocean/digitalocean_cloud.cc"
#include "plugins/digitalocean/droplet.cc"
#include "tests/fuzz/answering_cloud.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  stoker::test::answer_all_with<stoker::digitalocean::DigitalOceanCloud>(data, size);
  return 0;
}
