// The values a provider takes and gives. What it takes is borrowed for the call; what it gives, it owns.
#pragma once

#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../ext/resources.h"
#include "failure.hpp"
#include "gpu_model.hpp"

namespace stoker {

struct Account {
  std::string id, name;
  Money balance{};
};

struct Price {
  Money per_hour{};
  std::uint32_t flags = 0;  // STOKER_PRICE_...
  std::uint32_t granularity_s = 1, minimum_s = 0;

  [[nodiscard]] stoker_price to_c() const noexcept {
    auto price = sized<stoker_price>();
    price.flags = flags;
    price.per_hour = per_hour.to_c();
    price.granularity_s = granularity_s;
    price.minimum_s = minimum_s;
    return price;
  }
};

struct Offer {
  std::string id{}, region{}, zone{}, machine{}, gpu_model{}, cpu_arch{}, opaque{};
  std::int32_t availability = STOKER_AVAIL_UNKNOWN;
  std::uint32_t gpu_count = 0, vcpus = 0;
  std::uint64_t gpu_mem_bytes = 0, mem_bytes = 0, disk_bytes = 0;
  Price price{};
};

struct OfferQuery {
  std::string_view region, gpu_model, cpu_arch;  // empty: any
  std::uint32_t min_gpus = 0, min_vcpus = 0;
  std::uint64_t min_gpu_mem_bytes = 0, min_mem_bytes = 0, min_disk_bytes = 0;
  Money max_per_hour{};
  bool spot = false;

  static OfferQuery from(const stoker_offer_query* query) {
    const auto q = read(query);
    return {view(q.region),
            view(q.gpu_model),
            view(q.cpu_arch),
            q.min_gpus,
            q.min_vcpus,
            q.min_gpu_mem_bytes,
            q.min_mem_bytes,
            q.min_disk_bytes,
            Money::from(q.max_per_hour),
            (q.flags & STOKER_QUERY_SPOT) != 0};
  }

  // Whether the offer is what was asked for, except spot, which a cloud filters by itself.
  [[nodiscard]] bool fits(const Offer& offer) const {
    return gpu_matches(gpu_model, stoker::gpu_model(offer.gpu_model, offer.gpu_mem_bytes)) &&
           (region.empty() || region == offer.region) && (cpu_arch.empty() || cpu_arch == offer.cpu_arch) &&
           offer.gpu_count >= min_gpus && offer.vcpus >= min_vcpus && offer.gpu_mem_bytes >= min_gpu_mem_bytes &&
           offer.mem_bytes >= min_mem_bytes && offer.disk_bytes >= min_disk_bytes &&
           (max_per_hour.micros == 0 || offer.price.per_hour.micros <= max_per_hour.micros);
  }
};

struct CreateRequest {
  std::string_view client_token, offer_id, offer_opaque, region, zone, name, image, ssh_public_key, user_data, owner;

  // Of an offer made by emit_in_regions().
  [[nodiscard]] std::string machine() const { return std::string(offer_id.substr(0, offer_id.find('@'))); }
  [[nodiscard]] std::string_view first_public_key() const {
    return ssh_public_key.substr(0, ssh_public_key.find('\n'));
  }
  // Of what is to be made, by the price of now: a create takes no limit, and prices change.
  void require_price(const std::string& cloud, const std::string& what, std::int64_t micros_per_hour) const {
    if (max_per_hour.micros > 0 && micros_per_hour > max_per_hour.micros)
      throw Failure{STOKER_E_NO_CAPACITY, cloud + ": " + what + " costs more than was quoted"};
  }
  std::span<const stoker_field> tags;
  std::uint64_t disk_bytes = 0;
  Money max_per_hour{};
  std::int64_t deadline_ms = 0;
  bool spot = false;

  static CreateRequest from(const stoker_create_request* request) {
    const auto r = read(request);
    return {view(r.client_token),
            view(r.offer_id),
            view(r.offer_opaque),
            view(r.region),
            view(r.zone),
            view(r.name),
            view(r.image),
            view(r.ssh_public_key),
            view(r.user_data),
            view(r.owner),
            std::span(r.tags, r.tags == nullptr ? 0 : r.n_tags),
            r.disk_bytes,
            Money::from(r.max_per_hour),
            r.deadline_ms,
            (r.flags & STOKER_CREATE_SPOT) != 0};
  }
};

struct InstanceRef {
  std::string_view id, region, opaque;

  static InstanceRef from(const stoker_instance_ref* ref) noexcept {
    const auto r = read(ref);
    return {view(r.id), view(r.region), view(r.opaque)};
  }
};

struct FindQuery {
  std::string_view owner, client_token;

  // Whether something that carries this token was asked for. All tokens of an owner begin alike, see
  // stoker_create_request.
  [[nodiscard]] bool wants(std::string_view token) const {
    return token.starts_with("stk-" + std::string(owner.substr(0, 8)) + "-") &&
           (client_token.empty() || client_token == token);
  }

  static FindQuery from(const stoker_find_query* query) noexcept {
    const auto q = read(query);
    return {view(q.owner), view(q.client_token)};
  }
};

// The deadline tag: seconds since 1970, here as ms. 0 for anything else.
inline std::int64_t deadline_of_tag(std::string_view seconds) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), value);
  const bool whole =
      error == std::errc{} && end == seconds.data() + seconds.size() && value > 0 && value < 1'000'000'000'000;
  return whole ? value * 1000 : 0;
}

struct Instance {
  std::int32_t state = STOKER_INSTANCE_UNKNOWN;  // STOKER_INSTANCE_...
  std::string id{}, client_token{}, name{}, region{}, zone{}, status_text{};
  std::string ssh_host{}, ssh_user{};
  std::uint32_t ssh_port = 22;
  std::int64_t created_ms = 0;
  Price price{};
  std::string opaque{}, host_public_key{}, ssh_private_key{};
  std::int64_t deadline_ms = 0;
};

// Made beside a machine, named after its client token; see ext/resources.h.
struct Resource {
  std::int32_t kind = STOKER_RESOURCE_OTHER;  // STOKER_RESOURCE_...
  std::string id{}, region{}, name{}, client_token{};

  static Resource from(const stoker_resource* resource) {
    const auto r = read(resource);
    return {r.kind, std::string(view(r.id)), std::string(view(r.region)), std::string(view(r.name)),
            std::string(view(r.client_token))};
  }
};

// Hands values to the host one at a time. Leaves the method by an exception of the layer's own when the host has had
// enough; let it pass.
template <class T>
class Emit;

template <>
class Emit<Account> {
 public:
  Emit(void (*sink)(void*, const stoker_account*), void* user) noexcept : sink_(sink), user_(user) {}
  void operator()(const Account& account) const {
    auto made = sized<stoker_account>();
    made.id = str(account.id);
    made.name = str(account.name);
    made.balance = account.balance.to_c();
    sink_(user_, &made);
  }

 private:
  void (*sink_)(void*, const stoker_account*);
  void* user_;
};

template <>
class Emit<Offer> {
 public:
  Emit(stoker_offer_sink sink, void* user) noexcept : sink_(sink), user_(user) {}
  void operator()(const Offer& offer) const {
    const auto price = offer.price.to_c();
    auto made = sized<stoker_offer>();
    made.availability = offer.availability;
    made.id = str(offer.id);
    made.region = str(offer.region);
    made.zone = str(offer.zone);
    made.machine = str(offer.machine);
    made.gpu_model = str(offer.gpu_model);
    made.cpu_arch = str(offer.cpu_arch);
    made.gpu_count = offer.gpu_count;
    made.vcpus = offer.vcpus;
    made.gpu_mem_bytes = offer.gpu_mem_bytes;
    made.mem_bytes = offer.mem_bytes;
    made.disk_bytes = offer.disk_bytes;
    made.price = &price;
    made.opaque = str(offer.opaque);
    if (const stoker_status status = sink_(user_, &made); status != STOKER_OK) throw detail::Stopped{status};
  }

 private:
  stoker_offer_sink sink_;
  void* user_;
};

// One offer of a machine type for each region that has it, with "<machine>@<region>" as its id; where none has it, one
// that says so. What the query does not want is left out. A listed region may still refuse. Throws STOKER_E_UNAVAILABLE
// for a type without a name or with a negative price, since a list that can't be read is no shorter list.
inline void emit_in_regions(Offer offer, const std::vector<std::string>& regions, const OfferQuery& query,
                            const Emit<Offer>& emit) {
  if (offer.machine.empty()) throw Failure{STOKER_E_UNAVAILABLE, "the cloud listed a machine type without a name"};
  if (offer.price.per_hour.micros < 0)
    throw Failure{STOKER_E_UNAVAILABLE, "the cloud listed " + offer.machine + " with a negative price"};
  offer.id = offer.machine;
  offer.availability = STOKER_AVAIL_NONE;
  if (regions.empty() && query.fits(offer)) emit(offer);
  offer.availability = STOKER_AVAIL_UNKNOWN;
  for (const std::string& region : regions) {
    offer.region = region;
    offer.id = offer.machine + "@" + region;
    if (query.fits(offer)) emit(offer);
  }
}

template <>
class Emit<Instance> {
 public:
  Emit(stoker_instance_sink sink, void* user) noexcept : sink_(sink), user_(user) {}
  void operator()(const Instance& instance) const {
    const auto price = instance.price.to_c();
    auto made = sized<stoker_instance>();
    made.state = instance.state;
    made.id = str(instance.id);
    made.client_token = str(instance.client_token);
    made.name = str(instance.name);
    made.region = str(instance.region);
    made.zone = str(instance.zone);
    made.status_text = str(instance.status_text);
    made.ssh_host = str(instance.ssh_host);
    made.ssh_user = str(instance.ssh_user);
    made.ssh_port = instance.ssh_port;
    made.created_ms = instance.created_ms;
    made.price = &price;
    made.opaque = str(instance.opaque);
    made.host_public_key = str(instance.host_public_key);
    made.ssh_private_key = str(instance.ssh_private_key);
    made.deadline_ms = instance.deadline_ms;
    if (const stoker_status status = sink_(user_, &made); status != STOKER_OK) throw detail::Stopped{status};
  }

 private:
  stoker_instance_sink sink_;
  void* user_;
};

template <>
class Emit<Resource> {
 public:
  Emit(stoker_resource_sink sink, void* user) noexcept : sink_(sink), user_(user) {}
  void operator()(const Resource& resource) const {
    auto made = sized<stoker_resource>();
    made.kind = resource.kind;
    made.id = str(resource.id);
    made.region = str(resource.region);
    made.name = str(resource.name);
    made.client_token = str(resource.client_token);
    if (const stoker_status status = sink_(user_, &made); status != STOKER_OK) throw detail::Stopped{status};
  }

 private:
  stoker_resource_sink sink_;
  void* user_;
};

}  // namespace stoker
