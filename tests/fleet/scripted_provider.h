// A provider that says what the test told it to, and a clock that moves when somebody waits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/plugin_host/provider.h"

namespace stoker::fleet {

class MovedClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override { return 1'700'000'000'000 + now; }
  [[nodiscard]] int64_t mono_ms() const override { return now += tick; }
  void wait(Signal&, uint64_t, const Wait& until) override { now = std::max(now, until.deadline_ms); }
  [[nodiscard]] std::thread start(const std::string&, std::function<void()> run) override { return std::thread(run); }
  mutable int64_t now = 1000;
  int64_t tick = 0;  // ms that pass with every look at the clock: a busy machine
};

class ScriptedProvider final : public plugin_host::Provider {
 public:
  ScriptedProvider() {
    facts_.id = "sky";
    facts_.settle_ms = 90 * kSecond;
  }
  [[nodiscard]] const plugin_host::ProviderFacts& facts() const override { return facts_; }
  plugin_host::Account validate(const Wait&) override { return {}; }
  std::vector<plugin_host::Offer> list_offers(const plugin_host::OfferQuery&, const Wait&) override {
    calls.push_back("offers");
    return offers();
  }
  std::vector<plugin_host::Instance> create(const plugin_host::CreateRequest&, const Wait&) override {
    calls.push_back("create");
    return create_();
  }
  std::vector<plugin_host::Instance> find(const std::string&, const std::string& token, const Wait&) override {
    calls.push_back("find");
    return find_(token);
  }
  plugin_host::Instance get(const plugin_host::InstanceRef& ref, const Wait&) override {
    calls.push_back("get");
    return get_(ref.id);
  }
  void remove(const plugin_host::InstanceRef& ref, const Wait&) override {
    calls.push_back("remove");
    removing = ref.id;
    if (remove_) remove_();
  }

  std::vector<plugin_host::Resource> resources(const std::string&, const std::string& token, const Wait&) override {
    if (resources_fail) throw Error(*resources_fail);
    auto found = left;
    std::erase_if(found, [&](const plugin_host::Resource& it) { return !token.empty() && it.client_token != token; });
    return found;
  }
  void remove_resource(const plugin_host::Resource& resource, const Wait&) override {
    std::erase_if(left, [&](const plugin_host::Resource& it) { return it.id == resource.id; });
  }

  std::vector<plugin_host::Resource> left;  // beside the machines
  std::optional<Error> resources_fail;
  std::function<std::vector<plugin_host::Offer>()> offers;
  std::function<std::vector<plugin_host::Instance>()> create_;
  std::function<std::vector<plugin_host::Instance>(const std::string& token)> find_;
  std::function<plugin_host::Instance(const std::string& id)> get_;
  std::function<void()> remove_;
  std::vector<std::string> calls;
  std::string removing;  // what remove_ is for
  plugin_host::ProviderFacts facts_;
};

inline plugin_host::Instance machine(const std::string& id, int64_t micros = 2'000'000) {
  plugin_host::Instance it;
  it.id = id;
  it.client_token = "stk-01234567-job1-1";
  it.state = plugin_host::InstanceState::running;
  it.ssh_host = "10.0.0.1";
  it.price.per_hour.micros = micros;
  return it;
}

inline plugin_host::Offer offer(const std::string& id, int64_t micros) {
  plugin_host::Offer it;
  it.id = it.machine = id;
  it.price.per_hour.micros = micros;
  return it;
}

}  // namespace stoker::fleet
