#include "core/plugin_host/registry.h"

#include <algorithm>
#include <map>
#include <optional>

#include "core/nearest.h"
#include "core/plugin_host/http_client.h"
#include "core/plugin_host/module_file.h"
#include "core/plugin_host/plugin.h"
#include "core/plugin_host/plugin_folders.h"

namespace stoker::plugin_host {
namespace {

std::string sentence(const Error& error) {
  return error.hint.empty() ? std::string(error.what()) : std::string(error.what()) + "; " + error.hint;
}

PluginKind joined(PluginKind a, PluginKind b) { return a == PluginKind::unknown || a == b ? b : PluginKind::both; }

std::vector<std::filesystem::path> search_order(const RegistryOptions& options) {
  std::vector<std::filesystem::path> order{options.bundled};
  order.insert(order.end(), options.folders.begin(), options.folders.end());
  return order;
}

std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

}  // namespace

bool ProviderSetup::needs_account() const {
  return std::any_of(fields.begin(), fields.end(), [](const ConfigField& field) { return field.secret(); });
}

struct Registry::Impl {
  RegistryOptions options;
  Clock& clock;
  HostLog& log;
  PluginFolders folders;
  std::vector<std::unique_ptr<Plugin>> plugins;
  std::vector<PluginStatus> list;
  std::map<std::string, Offering*> providers, log_parsers;
  std::map<std::string, const Plugin*> makers;  // of providers
  std::vector<std::string> provider_order;      // as enabled
  std::map<std::string, Error> refused;
  std::map<std::string, std::filesystem::path> loaded;  // what is registered, from which file

  Impl(RegistryOptions given, Clock& c, HostLog& l)
      : options(std::move(given)), clock(c), log(l), folders(search_order(options)) {
    for (const EnabledPlugin& one : options.enabled) enable(one);
    for (const PluginFile& file : folders.all()) add_idle(file);
  }

  void enable(const EnabledPlugin& wanted);
  void load(const EnabledPlugin& wanted, PluginStatus& status);
  void add_offerings(Plugin& plugin, PluginStatus& status);
  void add_idle(const PluginFile& file);
  [[nodiscard]] std::filesystem::path choose(const std::string& id) const;
  [[nodiscard]] std::vector<std::string> known_ids() const;
  [[nodiscard]] Error unavailable(const std::string& id, PluginKind wanted) const;
  Offering& offering(const std::map<std::string, Offering*>& all, const std::string& id, PluginKind wanted) const;
};

void Registry::Impl::enable(const EnabledPlugin& wanted) {
  PluginStatus status;
  status.id = wanted.id;
  status.enabled = true;
  try {
    load(wanted, status);
  } catch (const Error& error) {
    status.reason = sentence(error);
    log.write(STOKER_LOG_ERROR, wanted.id, "not loaded: " + status.reason);
    // A second entry of a loaded plugin takes nothing away from the first.
    if (!loaded.contains(wanted.id))
      refused.try_emplace(wanted.id, Error(Fault::unsupported, error.what(), error.hint));
  }
  list.push_back(std::move(status));
}

std::filesystem::path Registry::Impl::choose(const std::string& id) const {
  if (!is_plugin_id(id))
    throw Error(Fault::unsupported, "\"" + id + "\" can not be the id of a plugin",
                "ids are lower-case letters, digits and . _ -; correct the entry in `plugins`");
  const auto files = folders.files(id);
  if (!files.empty()) return files.front();
  std::vector<std::string> known;
  for (const PluginFile& file : folders.all()) known.push_back(file.id);
  const std::string near = nearest(id, known);
  throw Error(Fault::unsupported, "no file " + id + ".so is in " + folders.names(),
              near.empty() ? "install it there, or remove " + id + " from `plugins`" : "did you mean " + near + "?");
}

void Registry::Impl::load(const EnabledPlugin& wanted, PluginStatus& status) {
  status.path = choose(wanted.id);
  if (const auto before = loaded.find(wanted.id); before != loaded.end())
    throw Error(Fault::unsupported,
                status.path.string() + ": plugin " + wanted.id + " is loaded already from " + before->second.string(),
                "remove the second " + wanted.id + " from `plugins`");
  check_module_file(status.path, wanted.sha256, options.allow_unsafe);
  if (options.allow_unsafe) {
    if (const std::string fault = unsafe_owner_or_mode(status.path); !fault.empty())
      log.write(STOKER_LOG_WARNING, wanted.id, "loaded although " + fault);
  }
  std::optional<ModuleIdentity> identity;
  const auto show = [&] {
    if (!identity) return;
    status.version = identity->version;
    status.abi = std::to_string(identity->abi_major) + "." + std::to_string(identity->abi_minor);
  };
  try {
    plugins.push_back(std::make_unique<Plugin>(wanted.id, status.path, options, clock, log, identity));
  } catch (const Error&) {
    show();
    throw;
  }
  show();
  loaded.emplace(wanted.id, status.path);
  status.loaded = true;
  add_offerings(*plugins.back(), status);
}

void Registry::Impl::add_offerings(Plugin& plugin, PluginStatus& status) {
  for (Offering& one : plugin.offerings()) {
    auto& all = one.kind == PluginKind::provider ? providers : log_parsers;
    status.kind = joined(status.kind, one.kind);
    if (status.name.empty() || one.id == status.id) {
      status.name = one.name;
      status.summary = one.summary;
    }
    if (one.fault && status.reason.empty()) status.reason = sentence(*one.fault);
    const auto before = all.find(one.id);
    if (before == all.end()) {
      all.emplace(one.id, &one);
      if (one.kind == PluginKind::provider) {
        makers.emplace(one.id, &plugin);
        provider_order.push_back(one.id);
      }
      loaded.emplace(one.id, status.path);
      continue;
    }
    status.reason = status.path.string() + ": plugin " + one.id + " is loaded already from " +
                    loaded.at(one.id).string() + "; enable only one of the two";
  }
}

void Registry::Impl::add_idle(const PluginFile& file) {
  const auto same = std::find_if(list.begin(), list.end(), [&](const PluginStatus& s) { return s.id == file.id; });
  if (same != list.end() && same->path == file.path) return;
  PluginStatus status;
  status.id = file.id;
  status.path = file.path;
  status.reason = same == list.end() ? "not enabled; run: stoker plugins enable " + file.id
                                     : file.path.string() + ": plugin " + file.id + " is taken from " +
                                           same->path.string() + ", which comes first; remove one of the two files";
  list.push_back(std::move(status));
}

std::vector<std::string> Registry::Impl::known_ids() const {
  std::vector<std::string> known;
  for (const PluginStatus& status : list)
    if (std::find(known.begin(), known.end(), status.id) == known.end()) known.push_back(status.id);
  for (const auto& [id, from] : loaded)
    if (std::find(known.begin(), known.end(), id) == known.end()) known.push_back(id);
  return known;
}

Error Registry::Impl::unavailable(const std::string& id, PluginKind wanted) const {
  const std::string kind = wanted == PluginKind::provider ? "provider" : "log parser";
  if (const auto at = refused.find(id); at != refused.end()) return at->second;
  if (loaded.contains(id)) return {Fault::unsupported, "the plugin " + id + " is not a " + kind, "name one that is"};
  const auto& all = wanted == PluginKind::provider ? providers : log_parsers;
  if (const auto file = folders.files(id); !file.empty())
    return {Fault::unsupported, "the plugin " + id + " is not enabled", "run: stoker plugins enable " + id};
  const std::string near = nearest(id, known_ids());
  if (!near.empty()) return {Fault::unsupported, "no " + kind + " " + id + " is known", "did you mean " + near + "?"};
  std::vector<std::string> names;
  for (const auto& [name, offering] : all) names.push_back(name);
  return {Fault::unsupported, "no " + kind + " " + id + " is known",
          names.empty() ? "enable one; see: stoker plugins list" : "known are " + join(names)};
}

Offering& Registry::Impl::offering(const std::map<std::string, Offering*>& all, const std::string& id,
                                   PluginKind wanted) const {
  const auto at = all.find(id);
  if (at == all.end()) throw unavailable(id, wanted);
  return *at->second;
}

Registry::Registry(RegistryOptions options, Clock& clock, HostLog& log)
    : impl_(std::make_unique<Impl>(std::move(options), clock, log)) {}
Registry::~Registry() = default;

const std::vector<PluginStatus>& Registry::list() const { return impl_->list; }

std::vector<std::string> Registry::provider_ids() const { return impl_->provider_order; }

std::vector<std::string> Registry::log_parser_ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, offering] : impl_->log_parsers) ids.push_back(id);
  return ids;
}

std::shared_ptr<Provider> Registry::provider(const std::string& id) const {
  const Offering& one = impl_->offering(impl_->providers, id, PluginKind::provider);
  if (one.fault) throw Error(*one.fault);
  if (!one.provider)
    throw Error(Fault::unsupported, "no account of " + id + " is connected", "run: stoker accounts add " + id);
  return one.provider;
}

bool Registry::has_provider(const std::string& id) const {
  const auto at = impl_->providers.find(id);
  return at != impl_->providers.end() && at->second->provider != nullptr;
}

const LogParser& Registry::log_parser(const std::string& id) {
  const Offering& one = impl_->offering(impl_->log_parsers, id, PluginKind::log_parser);
  if (one.fault) throw Error(*one.fault);
  return *one.log_parser;
}

const ProviderSetup& Registry::setup(const std::string& id) const {
  return impl_->offering(impl_->providers, id, PluginKind::provider).setup;
}

AccountLink Registry::link(const std::string& id, const std::string& account,
                           std::shared_ptr<const SecretSource> secrets) const {
  const ProviderSetup& setup = this->setup(id);
  AccountLink link{account, std::move(secrets), nullptr, nullptr};
  if (impl_->options.http != nullptr)
    link.http = std::make_shared<HttpClient>(*impl_->options.http, setup.allowed_hosts, setup.pace);
  if (setup.facts.min_create_interval_ms > 0)
    link.creates = std::make_shared<Pacer>(HttpPace{setup.facts.min_create_interval_ms, 1}, impl_->clock);
  return link;
}

std::shared_ptr<Provider> Registry::make(const std::string& id, const Settings& settings, AccountLink link) const {
  const Offering& one = impl_->offering(impl_->providers, id, PluginKind::provider);
  Settings all = settings;
  for (const auto& [key, value] : one.defaults) {
    const bool given = std::any_of(all.begin(), all.end(), [&](const auto& own) { return own.first == key; });
    if (!given) all.emplace_back(key, value);
  }
  return impl_->makers.at(id)->make_provider(one.setup, all, std::move(link));
}

}  // namespace stoker::plugin_host
