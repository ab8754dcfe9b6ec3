// A provider of a really loaded plugin, called through its C tables with a host of the test's own.
#pragma once

#include <dlfcn.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sdk/include/stoker/cpp/provider.hpp"
#include "tests/sdk/fake_host.h"

namespace stoker::test {

class LoadedProvider {
 public:
  LoadedProvider(const std::string& id, const std::vector<std::pair<std::string, std::string>>& config) {
    const std::string path = std::string(STOKER_BUILD_DIR) + "/lib/stoker/plugins/" + id + ".so";
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    const auto entry = reinterpret_cast<const stoker_plugin* (*)()>(::dlsym(library, "stoker_plugin_entry"));
    plugin_ = entry();
    plugin_->init(host().table(), &call);
    const auto* factory = static_cast<const stoker_provider_factory*>(plugin_->get_factory(STOKER_PROVIDER_FACTORY));
    std::vector<stoker_field> fields;
    for (const auto& [key, value] : config) fields.push_back(field(key, value));
    status = factory->make(&call, id.c_str(), fields.data(), fields.size(), &provider_);
  }
  ~LoadedProvider() {
    if (provider_ != nullptr) provider_->destroy(provider_);
  }
  LoadedProvider(const LoadedProvider&) = delete;
  LoadedProvider& operator=(const LoadedProvider&) = delete;

  [[nodiscard]] const stoker_plugin& plugin() const { return *plugin_; }
  [[nodiscard]] const stoker_descriptor& descriptor() const { return *provider_->desc; }

  std::string validate() {
    std::string account;
    status = provider_->validate(
        provider_, &call,
        [](void* user, const stoker_account* from) { *static_cast<std::string*>(user) = view(from->id); }, &account);
    return account;
  }

  std::vector<Offer> list_offers() {
    std::vector<Offer> offers;
    const auto query = sized<stoker_offer_query>();
    status = provider_->list_offers(
        provider_, &call, &query,
        [](void* user, const stoker_offer* from) -> stoker_status {
          static_cast<std::vector<Offer>*>(user)->push_back(
              {.id = std::string(view(from->id)),
               .machine = std::string(view(from->machine)),
               .gpu_model = std::string(view(from->gpu_model)),
               .cpu_arch = std::string(view(from->cpu_arch)),
               .gpu_count = from->gpu_count,
               .vcpus = from->vcpus,
               .mem_bytes = from->mem_bytes,
               .price = {.per_hour = Money::from(from->price->per_hour)}});
          return STOKER_OK;
        },
        &offers);
    return offers;
  }

  std::vector<Instance> create(const std::string& token, const std::string& key, const std::string& offer,
                               const std::string& owner = "owner", const std::string& name = "job-1") {
    auto request = sized<stoker_create_request>();
    request.client_token = str(token);
    request.offer_id = str(offer);
    request.ssh_public_key = str(key);
    request.owner = str(owner);
    request.name = str(name);
    std::vector<Instance> found;
    status = provider_->create(provider_, &call, &request, &collect, &found);
    return found;
  }

  std::vector<Instance> find(const std::string& owner, const std::string& token = {}) {
    auto query = sized<stoker_find_query>();
    query.owner = str(owner);
    query.client_token = str(token);
    std::vector<Instance> found;
    status = provider_->find(provider_, &call, &query, &collect, &found);
    return found;
  }

  std::vector<Instance> get(const std::string& id) {
    auto ref = sized<stoker_instance_ref>();
    ref.id = str(id);
    std::vector<Instance> found;
    status = provider_->get(provider_, &call, &ref, &collect, &found);
    return found;
  }

  stoker_status remove(const std::string& id) {
    auto ref = sized<stoker_instance_ref>();
    ref.id = str(id);
    return status = provider_->remove(provider_, &call, &ref);
  }

  stoker_call call;
  stoker_status status = STOKER_OK;  // of the last call

 private:
  static stoker_status collect(void* user, const stoker_instance* from) {
    const auto text = [](stoker_str s) { return std::string(view(s)); };
    static_cast<std::vector<Instance>*>(user)->push_back({.state = from->state,
                                                          .id = text(from->id),
                                                          .client_token = text(from->client_token),
                                                          .name = text(from->name),
                                                          .status_text = text(from->status_text),
                                                          .ssh_host = text(from->ssh_host),
                                                          .ssh_user = text(from->ssh_user),
                                                          .ssh_port = from->ssh_port,
                                                          .created_ms = from->created_ms,
                                                          .opaque = text(from->opaque),
                                                          .host_public_key = text(from->host_public_key),
                                                          .ssh_private_key = text(from->ssh_private_key)});
    return STOKER_OK;
  }

  // One for all and as long as the program: a library is loaded once, however many providers are made of it.
  static FakeHost& host() {
    static FakeHost host;
    return host;
  }

  const stoker_plugin* plugin_ = nullptr;
  stoker_provider* provider_ = nullptr;
};

}  // namespace stoker::test
