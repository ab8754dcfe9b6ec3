#include "tests/simulation/cloud.h"

#include <algorithm>

namespace stoker::simulation {

using plugin_host::Instance;
using plugin_host::InstanceState;

Cloud::Cloud(Scheduler& scheduler, const CloudTraits& traits) : scheduler_(scheduler), traits_(traits) {
  facts_.id = facts_.name = "sim";
  facts_.capabilities = STOKER_CAP_USER_DATA | (traits.idempotent ? STOKER_CAP_NATIVE_IDEMPOTENCY : 0);
  facts_.power_off = STOKER_POWER_OFF_KEEPS_BILLING;
  facts_.settle_ms = traits.settle_ms;
  facts_.has_resources = traits.makes_keys;
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

bool Cloud::is_gone(const Rental& rental) const {
  return has_vanished(rental) ||
         (rental.removed_ms > 0 && scheduler_.mono_ms() >= rental.removed_ms + traits_.delete_ms);
}

bool Cloud::has_vanished(const Rental& rental) const {
  return traits_.vanish_after_ms != INT64_MAX && scheduler_.mono_ms() >= rental.made_ms + traits_.vanish_after_ms;
}

Instance Cloud::show(const Rental& rental) const {
  Instance it;
  it.id = rental.id;
  it.client_token = it.name = rental.token;
  it.region = "r1";
  it.created_ms = rental.made_ms;
  it.state = rental.removed_ms > 0                                      ? InstanceState::deleting
             : scheduler_.mono_ms() >= rental.made_ms + traits_.boot_ms ? InstanceState::running
                                                                        : InstanceState::pending;
  if (it.state == InstanceState::running) it.ssh_host = rental.id, it.ssh_user = "root";
  it.price.per_hour.micros = rental.micros_per_hour;
  return it;
}

Rental& Cloud::make(const plugin_host::CreateRequest& request) {
  const int64_t price = roll(traits_.dearer_percent) ? 2 * micros_per_hour : micros_per_hour;
  rentals_.push_back(
      {"m" + std::to_string(rentals_.size() + 1), request.client_token, request.owner, scheduler_.mono_ms(), 0, price});
  return rentals_.back();
}

std::vector<Instance> Cloud::create(const plugin_host::CreateRequest& request, const Wait&) {
  before("create");
  if (traits_.makes_keys) {
    keys_.push_back({"k" + std::to_string(++keys_made_), request.client_token, request.owner, scheduler_.mono_ms()});
    after("create a key");
  }
  if (roll(traits_.unavailable_percent)) throw Error(Fault::unavailable, "create: 503");
  if (roll(traits_.refuse_percent)) throw Error(Fault::no_capacity, "create: no capacity");
  const auto same = [&](const Rental& it) { return it.token == request.client_token && it.removed_ms == 0; };
  const auto found = std::find_if(rentals_.begin(), rentals_.end(), same);
  if (found != rentals_.end() && !traits_.idempotent) doubled_.insert(request.client_token);
  std::vector<Instance> made;
  if (found != rentals_.end() && traits_.idempotent) {
    made.push_back(show(*found));
  } else {
    made.push_back(show(make(request)));
    // The second one is not told of.
    if (roll(traits_.double_percent)) make(request);
  }
  after("create");
  return made;
}

std::vector<Instance> Cloud::find(const std::string& owner, const std::string& token, const Wait&) {
  before("find");
  std::vector<Instance> found;
  for (const Rental& it : rentals_) {
    const bool visible = scheduler_.mono_ms() >= it.made_ms + traits_.list_lag_ms;
    if (it.owner == owner && (token.empty() || it.token == token) && visible && !is_gone(it)) found.push_back(show(it));
  }
  after("find");
  return found;
}

Instance Cloud::get(const plugin_host::InstanceRef& ref, const Wait&) {
  before("get");
  const auto it = std::find_if(rentals_.begin(), rentals_.end(), [&](const Rental& m) { return m.id == ref.id; });
  if (it == rentals_.end() || is_gone(*it) || roll(traits_.blind_percent) ||
      scheduler_.mono_ms() < it->made_ms + traits_.get_lag_ms)
    throw Error(Fault::not_found, "get: no machine " + ref.id);
  const Instance shown = show(*it);
  after("get");
  return shown;
}

void Cloud::remove(const plugin_host::InstanceRef& ref, const Wait&) {
  before("remove");
  for (Rental& it : rentals_)
    if (it.id == ref.id && it.removed_ms == 0) it.removed_ms = std::max<int64_t>(1, scheduler_.mono_ms());
  after("remove");
}

std::vector<plugin_host::Resource> Cloud::resources(const std::string& owner, const std::string& token, const Wait&) {
  before("list keys");
  std::vector<plugin_host::Resource> found;
  for (const Key& key : keys_)
    if (key.owner == owner && (token.empty() || key.token == token) &&
        scheduler_.mono_ms() >= key.made_ms + traits_.list_lag_ms)
      found.push_back({STOKER_RESOURCE_SSH_KEY, key.id, "", key.token, key.token});
  after("list keys");
  return found;
}

void Cloud::remove_resource(const plugin_host::Resource& resource, const Wait&) {
  before("remove a key");
  std::erase_if(keys_, [&](const Key& key) { return key.id == resource.id; });
  after("remove a key");
}

std::vector<std::string> Cloud::keys_left() const {
  std::vector<std::string> ids;
  for (const Key& key : keys_) ids.push_back(key.id + " of " + key.token);
  return ids;
}

std::vector<std::string> Cloud::living() const {
  std::vector<std::string> ids;
  for (const Rental& it : rentals_)
    if (it.removed_ms == 0 && !has_vanished(it)) ids.push_back(it.id);
  return ids;
}

int64_t Cloud::micros_billed() const {
  int64_t sum = 0;
  for (const Rental& it : rentals_) {
    int64_t end = it.removed_ms > 0 ? it.removed_ms : scheduler_.mono_ms();
    if (traits_.vanish_after_ms != INT64_MAX) end = std::min(end, it.made_ms + traits_.vanish_after_ms);
    sum += it.micros_per_hour * (end - it.made_ms) / kHour;
  }
  return sum;
}

bool Cloud::runs(const std::string& id) const {
  return std::any_of(rentals_.begin(), rentals_.end(), [&](const Rental& it) {
    return it.id == id && it.removed_ms == 0 && !has_vanished(it) && scheduler_.mono_ms() >= booted_ms(id);
  });
}

int64_t Cloud::booted_ms(const std::string& id) const {
  const auto it = std::find_if(rentals_.begin(), rentals_.end(), [&](const Rental& r) { return r.id == id; });
  return it == rentals_.end() ? INT64_MAX : it->made_ms + traits_.boot_ms;
}

}  // namespace stoker::simulation
