#include "tests/simulation/cloud.h"

#include <algorithm>

namespace stoker::simulation {

using plugin_host::Instance;
using plugin_host::InstanceState;

Cloud::Cloud(Scheduler& scheduler, const CloudTraits& traits) : scheduler_(scheduler), traits_(traits) {
  facts_.id = facts_.name = "sim";
  facts_.capabilities =
      STOKER_CAP_USER_DATA | STOKER_CAP_TAGS | (traits.idempotent ? STOKER_CAP_NATIVE_IDEMPOTENCY : 0);
  facts_.power_off = STOKER_POWER_OFF_KEEPS_BILLING;
  facts_.settle_ms = traits.settle_ms;
}

bool Cloud::roll(int percent) { return faults_on && static_cast<int>(scheduler_.random()() % 100) < percent; }

void Cloud::before(const char* operation) {
  scheduler_.step();
  if (roll(traits_.fault_percent)) throw Error(Fault::unavailable, std::string(operation) + ": 503");
}

void Cloud::after(const char* operation) {
  scheduler_.step();
  if (roll(traits_.fault_percent))
    throw Error(Fault::unknown_outcome, std::string(operation) + ": the answer was cut off");
}

std::vector<plugin_host::Offer> Cloud::list_offers(const plugin_host::OfferQuery&, const Wait&) {
  before("offers");
  std::vector<plugin_host::Offer> offers;
  for (int i = 0; i < 20; ++i) {
    plugin_host::Offer offer;
    offer.id = "type-" + std::to_string(i);
    offer.machine = "gpu";
    offer.region = "r1";
    offer.price.per_hour.micros = micros_per_hour;
    offers.push_back(offer);
  }
  after("offers");
  return offers;
}

bool Cloud::is_gone(const Machine& machine) const {
  return machine.removed_ms > 0 && scheduler_.mono_ms() >= machine.removed_ms + traits_.delete_ms;
}

Instance Cloud::show(const Machine& machine) const {
  Instance it;
  it.id = machine.id;
  it.client_token = it.name = machine.token;
  it.region = "r1";
  it.created_ms = machine.made_ms;
  it.state = machine.removed_ms > 0                                      ? InstanceState::deleting
             : scheduler_.mono_ms() >= machine.made_ms + traits_.boot_ms ? InstanceState::running
                                                                         : InstanceState::pending;
  if (it.state == InstanceState::running) it.ssh_host = "10.0.0.1", it.ssh_user = "root";
  it.price.per_hour.micros = machine.micros_per_hour;
  return it;
}

std::vector<Instance> Cloud::create(const plugin_host::CreateRequest& request, const Wait&) {
  before("create");
  if (roll(traits_.refuse_percent)) throw Error(Fault::no_capacity, "create: no capacity");
  const auto same = [&](const Machine& it) { return it.token == request.client_token && it.removed_ms == 0; };
  auto found = std::find_if(machines_.begin(), machines_.end(), same);
  if (found == machines_.end() || !traits_.idempotent) {
    if (found != machines_.end()) doubled_.insert(request.client_token);
    machines_.push_back({"m" + std::to_string(machines_.size() + 1), request.client_token, request.owner,
                         scheduler_.mono_ms(), 0, micros_per_hour});
    found = std::prev(machines_.end());
  }
  const Instance made = show(*found);
  after("create");
  return {made};
}

std::vector<Instance> Cloud::find(const std::string& owner, const std::string& token, const Wait&) {
  before("find");
  std::vector<Instance> found;
  for (const Machine& it : machines_) {
    const bool visible = scheduler_.mono_ms() >= it.made_ms + traits_.list_lag_ms;
    if (it.owner == owner && (token.empty() || it.token == token) && visible && !is_gone(it)) found.push_back(show(it));
  }
  after("find");
  return found;
}

Instance Cloud::get(const plugin_host::InstanceRef& ref, const Wait&) {
  before("get");
  const auto it = std::find_if(machines_.begin(), machines_.end(), [&](const Machine& m) { return m.id == ref.id; });
  if (it == machines_.end() || is_gone(*it) || scheduler_.mono_ms() < it->made_ms + traits_.get_lag_ms)
    throw Error(Fault::not_found, "get: no machine " + ref.id);
  const Instance shown = show(*it);
  after("get");
  return shown;
}

void Cloud::remove(const plugin_host::InstanceRef& ref, const Wait&) {
  before("remove");
  for (Machine& it : machines_)
    if (it.id == ref.id && it.removed_ms == 0) it.removed_ms = std::max<int64_t>(1, scheduler_.mono_ms());
  after("remove");
}

std::vector<std::string> Cloud::living() const {
  std::vector<std::string> ids;
  for (const Machine& it : machines_)
    if (it.removed_ms == 0) ids.push_back(it.id);
  return ids;
}

}  // namespace stoker::simulation
