#include "core/plugin_host/module.h"

#include "core/error.h"
#include "core/plugin_host/call.h"

namespace stoker::plugin_host {
namespace {

constexpr int64_t kInitLimit = 5 * kSecond;

}  // namespace

Module::Module(const std::filesystem::path& file, const std::string& id, const HostServices& host,
               std::optional<ModuleIdentity>& identity)
    : file_(file), host_(host), table_(load_plugin(file, identity)) {
  if (identity->id != id)
    throw Error(
        Fault::unsupported, file.string() + " is enabled as " + id + ", but says it is " + identity->id,
        "rename it to " + (file.parent_path() / (identity->id + ".so")).string() + " and enable " + identity->id);
  initialize();
}

void Module::initialize() {
  stoker_call call{host_, "init", {{}, host_.clock().mono_ms() + kInitLimit}, std::nullopt};
  try {
    run_call(call, Fault::unsupported, [&](stoker_call* c) { return table_.init(host_.table(), c); });
  } catch (const Error& error) {
    throw Error(Fault::unsupported, file_.string() + " did not start: " + error.what(), error.hint);
  }
}

Module::~Module() {
  stoker_call call{host_, "deinit", {}, std::nullopt};
  try {
    run_call(call, Fault::internal, [&](stoker_call*) { return table_.deinit(), STOKER_OK; });
  } catch (const Error& error) {
    host_.log(STOKER_LOG_ERROR, error.what());
  }
}

const void* Module::factory(const char* factory_id) const {
  const void* factory = nullptr;
  stoker_call call{host_, "get_factory", {}, std::nullopt};
  run_call(call, Fault::unsupported, [&](stoker_call*) {
    factory = table_.get_factory(factory_id);
    return STOKER_OK;
  });
  return factory;
}

}  // namespace stoker::plugin_host
