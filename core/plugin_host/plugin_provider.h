// A provider of a plugin as the core sees it.
#pragma once

#include <cstdint>
#include <mutex>

#include "core/plugin_host/account_link.h"
#include "core/plugin_host/call.h"
#include "core/plugin_host/config_schema.h"
#include "core/plugin_host/host_services.h"
#include "core/plugin_host/provider.h"

namespace stoker::plugin_host {

class PluginProvider final : public Provider {
 public:
  // Calls make(). Throws its failure. `host` and the plugin must outlive the object.
  PluginProvider(const HostServices& host, const stoker_provider_factory& factory, ProviderFacts facts,
                 const PluginConfig& config, AccountLink link);
  ~PluginProvider() override;
  PluginProvider(const PluginProvider&) = delete;
  PluginProvider& operator=(const PluginProvider&) = delete;

  [[nodiscard]] const ProviderFacts& facts() const override { return facts_; }
  Account validate(const Wait&) override;
  std::vector<Offer> list_offers(const OfferQuery&, const Wait&) override;
  std::vector<Instance> create(const CreateRequest&, const Wait&) override;
  std::vector<Instance> find(const std::string& owner, const std::string& client_token, const Wait&) override;
  Instance get(const InstanceRef&, const Wait&) override;
  void remove(const InstanceRef&, const Wait&) override;
  std::vector<Resource> resources(const std::string& owner, const std::string& client_token, const Wait&) override;
  void remove_resource(const Resource&, const Wait&) override;

 private:
  class Turn;
  using Body = std::function<stoker_status(stoker_call*)>;
  void call(const char* doing, Fault on_breach, const Wait&, const Body&);
  void read_extensions();

  const HostServices& host_;
  ProviderFacts facts_;
  AccountLink link_;
  stoker_provider* object_ = nullptr;
  stoker_provider table_{};
  stoker_resources resources_{};

  // [instance-serial]: one call at a time. A flag and a signal rather than a held mutex, so that a caller that waits
  // for its turn can be cancelled and no lock is held across the call.
  std::mutex turn_mutex_;
  bool busy_ = false;
  Signal turn_over_;
};

}  // namespace stoker::plugin_host
