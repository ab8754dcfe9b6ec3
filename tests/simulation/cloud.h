// A cloud that keeps its own history: what existed and was billed is read here and nowhere else.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/plugin_host/provider.h"
#include "tests/simulation/scheduler.h"

namespace stoker::simulation {

struct CloudTraits {
  bool idempotent = false;
  int64_t list_lag_ms = 0;  // a new machine is shown in lists this late; at most settle_ms for the protocol to hold
  int64_t get_lag_ms = 0;   // and by id this late
  int64_t settle_ms = 90'000;
  int64_t boot_ms = 20'000, delete_ms = 10'000;
  bool makes_keys = false;              // a key object with every create, shown as late as a machine
  int fault_percent = 0;                // of calls refused, or acted upon and then answered with an error
  int refuse_percent = 0;               // of creates definitely refused for lack of capacity
  int unavailable_percent = 0;          // of creates that do nothing and say so
  int blind_percent = 0;                // of calls of get that say "not found" of a machine that is there
  int double_percent = 0;               // of creates that make two machines for one request
  int dearer_percent = 0;               // of creates at twice the price
  int64_t vanish_after_ms = INT64_MAX;  // a machine dies this long after it was made, by no wish of ours
};

struct Rental {
  std::string id, token, owner;
  int64_t made_ms = 0, removed_ms = 0;  // of the removal request; 0: none
  int64_t micros_per_hour = 0;
};

// Lives on while agents crash. Calls step through the scheduler, so that any call may be the agent's last.
class Cloud final : public plugin_host::Provider {
 public:
  Cloud(Scheduler& scheduler, const CloudTraits& traits);

  const plugin_host::ProviderFacts& facts() const override { return facts_; }
  plugin_host::Account validate(const Wait&) override { return {"sim", "simulated", {}}; }
  std::vector<plugin_host::Offer> list_offers(const plugin_host::OfferQuery&, const Wait&) override;
  std::vector<plugin_host::Instance> create(const plugin_host::CreateRequest&, const Wait&) override;
  std::vector<plugin_host::Instance> find(const std::string& owner, const std::string& token, const Wait&) override;
  plugin_host::Instance get(const plugin_host::InstanceRef&, const Wait&) override;
  void remove(const plugin_host::InstanceRef&, const Wait&) override;
  std::vector<plugin_host::Resource> resources(const std::string& owner, const std::string& token,
                                               const Wait&) override;
  void remove_resource(const plugin_host::Resource&, const Wait&) override;

  // Judgement.
  [[nodiscard]] const std::vector<Rental>& history() const { return rentals_; }
  [[nodiscard]] std::vector<std::string> living() const;  // billed now
  [[nodiscard]] int64_t micros_billed() const;            // from creation to removal, all machines
  [[nodiscard]] std::vector<std::string> keys_left() const;
  [[nodiscard]] std::set<std::string> tokens_doubled() const { return doubled_; }

  [[nodiscard]] bool runs(const std::string& id) const;  // booted and not gone
  [[nodiscard]] int64_t booted_ms(const std::string& id) const;

  bool faults_on = true;
  int64_t micros_per_hour = 2'000'000;

 private:
  void before(const char* operation);
  void after(const char* operation);
  [[nodiscard]] bool roll(int percent);
  [[nodiscard]] plugin_host::Instance show(const Rental& rental) const;
  Rental& make(const plugin_host::CreateRequest& request);
  [[nodiscard]] bool has_vanished(const Rental& rental) const;
  [[nodiscard]] bool is_gone(const Rental& rental) const;

  Scheduler& scheduler_;
  CloudTraits traits_;
  plugin_host::ProviderFacts facts_;
  struct Key {
    std::string id, token, owner;
    int64_t made_ms = 0;
  };

  std::vector<Rental> rentals_;
  std::vector<Key> keys_;  // those that are there
  int keys_made_ = 0;
  std::set<std::string> doubled_;
};

}  // namespace stoker::simulation
