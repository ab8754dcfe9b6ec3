#include "core/plugin_host/plugin.h"

#include <algorithm>

#include "core/plugin_host/call.h"
#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/plugin_folders.h"
#include "core/plugin_host/provider_values.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxOfferings = 64, kMaxListed = 256;
constexpr int64_t kMaxRequestInterval = kMinute;
constexpr uint32_t kMaxRequestBurst = 10'000;

// A NULL-ended list of static texts; a null list is an empty one.
std::vector<std::string> copy_list(const char* const* foreign, const char* name) {
  std::vector<std::string> list;
  for (; foreign != nullptr && *foreign != nullptr; ++foreign) {
    if (list.size() == kMaxListed)
      throw Breach("a descriptor lists more than " + std::to_string(kMaxListed) + " of: " + name);
    list.push_back(copy_c_text(*foreign, name));
  }
  return list;
}

// Entries "<id>.<key>" of this id. An id may contain dots, so "a.b.key" belongs to "a.b" where that is an id, else to
// "a".
Settings config_of(const std::string& id, const RegistryOptions& options) {
  Settings own;
  const std::string prefix = id + ".";
  for (const auto& [name, value] : options.config) {
    if (!name.starts_with(prefix)) continue;
    const bool of_longer_id = std::any_of(
        options.enabled.begin(), options.enabled.end(),
        [&](const EnabledPlugin& other) { return other.id.size() > id.size() && name.starts_with(other.id + "."); });
    if (!of_longer_id) own.emplace_back(name.substr(prefix.size()), value);
  }
  return own;
}

}  // namespace

Plugin::Plugin(const std::string& id, const std::filesystem::path& file, const RegistryOptions& options, Clock& clock,
               HostLog& log, std::optional<ModuleIdentity>& identity)
    : host_(id, file, clock, log, options.services, options.mask), module_(file, id, host_, identity) {
  try {
    describe_providers();
    describe_log_parsers();
    require_bundled(options);
    if (offerings_.empty()) throw Breach("it offers neither a provider nor a log parser");
  } catch (const Breach& breach) {
    throw refusal(breach.what());
  }
  for (Offering& offering : offerings_) make(offering, options);
}

Error Plugin::refusal(const std::string& what) const {
  return {Fault::unsupported, host_.clean(module_.file().string() + " breaks the contract of plugins: " + what),
          "this is a bug of the plugin; tell its author, or use another version"};
}

void Plugin::describe_providers() {
  const void* foreign = module_.factory(STOKER_PROVIDER_FACTORY);
  if (foreign == nullptr) return;
  providers_ = copy_struct(static_cast<const stoker_provider_factory*>(foreign), "the provider factory");
  if (providers_->make == nullptr) throw Breach("its provider factory leaves a function empty");
  describe(*providers_, PluginKind::provider);
}

void Plugin::describe_log_parsers() {
  const void* foreign = module_.factory(STOKER_LOG_PARSER_FACTORY);
  if (foreign == nullptr) return;
  log_parsers_ = copy_struct(static_cast<const stoker_log_parser_factory*>(foreign), "the log parser factory");
  if (log_parsers_->open == nullptr) throw Breach("its log parser factory leaves a function empty");
  describe(*log_parsers_, PluginKind::log_parser);
}

template <class Factory>
void Plugin::describe(const Factory& factory, PluginKind kind) {
  if (factory.count == nullptr || factory.describe == nullptr || factory.config_schema == nullptr)
    throw Breach("a factory leaves a function empty");
  stoker_call call{host_, "describe", {}, std::nullopt};
  run_call(call, Fault::unsupported, [&](stoker_call*) {
    const size_t count = factory.count();
    if (count > kMaxOfferings) throw Breach("it offers more than " + std::to_string(kMaxOfferings) + " things");
    for (size_t i = 0; i < count; ++i) {
      Offering offering = copy_offering(copy_struct(factory.describe(i), "a descriptor"), kind);
      offering.setup.fields = read_schema(factory.config_schema, offering.id);
      offerings_.push_back(std::move(offering));
    }
    return STOKER_OK;
  });
}

Offering Plugin::copy_offering(const stoker_descriptor& said, PluginKind kind) const {
  Offering offering;
  offering.kind = kind;
  offering.id = copy_c_text(said.id, "descriptor id");
  offering.name = copy_c_text(said.name, "descriptor name");
  offering.summary = copy_c_text(said.summary, "descriptor summary");
  if (!is_plugin_id(offering.id)) throw Breach("a descriptor has no proper id");
  ProviderSetup& setup = offering.setup;
  setup.facts = copy_facts(said);
  setup.summary = offering.summary;
  setup.url = copy_c_text(said.url, "descriptor url");
  setup.allowed_hosts = copy_list(said.allowed_hosts, "allowed host");
  setup.permissions = copy_list(said.permissions, "permission");
  setup.pace = {std::clamp<int64_t>(said.request_interval_ms, 0, kMaxRequestInterval),
                std::clamp<uint32_t>(said.request_burst, 1, kMaxRequestBurst)};
  return offering;
}

void Plugin::require_bundled(const RegistryOptions& options) const {
  const bool local = std::any_of(offerings_.begin(), offerings_.end(), [](const Offering& offering) {
    return (offering.setup.facts.capabilities & STOKER_CAP_LOCAL_SYSTEM) != 0;
  });
  if (!local) return;
  std::error_code error;
  if (std::filesystem::equivalent(module_.file().parent_path(), options.bundled, error) && !error) return;
  throw Error(Fault::unsupported,
              module_.file().string() +
                  " asks to start processes on this machine (LOCAL_SYSTEM); only the plugins shipped in " +
                  options.bundled.string() + " may",
              "remove it from `plugins`");
}

void Plugin::make(Offering& offering, const RegistryOptions& options) {
  try {
    Settings settings = config_of(offering.id, options);
    if (offering.kind == PluginKind::log_parser) {
      offering.log_parser = std::make_unique<PluginLogParser>(
          host_, *log_parsers_, offering.id, PluginConfig(offering.id, offering.setup.fields, settings));
    } else if (offering.setup.needs_account()) {
      offering.defaults = std::move(settings);
    } else {
      offering.provider = make_provider(offering.setup, settings, {});
    }
  } catch (const Error& error) {
    offering.fault = error;
  }
}

std::shared_ptr<Provider> Plugin::make_provider(const ProviderSetup& setup, const Settings& settings,
                                                AccountLink link) const {
  return std::make_shared<PluginProvider>(host_, *providers_, setup.facts,
                                          PluginConfig(setup.facts.id, setup.fields, settings), std::move(link));
}

}  // namespace stoker::plugin_host
