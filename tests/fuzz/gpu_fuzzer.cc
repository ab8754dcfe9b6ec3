// link: Stoker::sdk
// The local provider reads what nvidia-smi prints.
#include "plugins/local/gpu.cc"  // a plugin is no library to link

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto gpus = stoker::local::parse_gpus({reinterpret_cast<const char*>(data), size});
  if ((gpus.count == 0) != gpus.model.empty()) std::abort();
  return 0;
}
