// link: stoker_plugin_host
// The reader of ELF files, on bytes that need not be one.
#include <cstring>

#include "core/plugin_host/elf_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = [&](uint64_t offset, void* out, size_t n) {
    if (offset > size || n > size - offset) return false;
    std::memcpy(out, data + offset, n);
    return true;
  };
  (void)stoker::plugin_host::elf_fault(read);
  (void)stoker::plugin_host::elf_exports(read, "stoker_plugin_entry");
  return 0;
}
