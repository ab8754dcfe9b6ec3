// Throws out of init().
#include <stdexcept>

#include "sdk/include/stoker/plugin.h"

namespace {

stoker_status init(const stoker_host*, stoker_call*) { throw std::runtime_error("no flux"); }
void deinit() {}
const void* get_factory(const char*) { return nullptr; }

const stoker_plugin kPlugin = {STOKER_MAGIC,
                               sizeof(stoker_plugin),
                               STOKER_ABI_MAJOR,
                               0,
                               0,
                               "throwsinit",
                               "1.0.0",
                               STOKER_SDK_VERSION,
                               init,
                               deinit,
                               get_factory};

}  // namespace

const stoker_plugin* stoker_plugin_entry() { return &kPlugin; }
