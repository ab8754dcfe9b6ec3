// A provider as the core sees it: the tables of stoker/provider.h with memory of our own and exceptions for failures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "sdk/include/stoker/ext/resources.h"

namespace stoker::plugin_host {

struct Money {
  int64_t micros = 0;
  std::string currency = "USD";
};

struct Price {
  Money per_hour;
  uint32_t flags = 0;  // STOKER_PRICE_...
  uint32_t granularity_s = 1, minimum_s = 0;
};

struct Offer {
  std::string id, region, zone, machine, gpu_model, cpu_arch, opaque;
  int32_t availability = STOKER_AVAIL_UNKNOWN;
  uint32_t gpu_count = 0, vcpus = 0;
  uint64_t gpu_mem_bytes = 0, mem_bytes = 0, disk_bytes = 0;
  Price price;
};

struct OfferQuery {
  std::string region, gpu_model, cpu_arch;  // empty: any
  uint32_t min_gpus = 0, min_vcpus = 0;
  uint64_t min_gpu_mem_bytes = 0, min_mem_bytes = 0, min_disk_bytes = 0;
  int64_t max_micros_per_hour = 0;  // 0: any
  bool spot = false;
  // The plugin is not told of these.
  std::string machine;    // a machine type by the provider's own name
  uint32_t max_gpus = 0;  // 0: any number
};

struct CreateRequest {
  std::string client_token, offer_id, offer_opaque, region, zone, name, image, ssh_public_key, user_data, owner;
  std::vector<std::pair<std::string, std::string>> tags;
  uint64_t disk_bytes = 0;
  int64_t max_micros_per_hour = 0;  // 0: no limit
  int64_t deadline_ms = 0;          // ms since 1970
  bool spot = false;
};

struct InstanceRef {
  std::string id, region, opaque;
};

enum class InstanceState : int32_t {
  unknown = STOKER_INSTANCE_UNKNOWN,
  pending = STOKER_INSTANCE_PENDING,
  running = STOKER_INSTANCE_RUNNING,
  stopping = STOKER_INSTANCE_STOPPING,
  stopped = STOKER_INSTANCE_STOPPED,
  deleting = STOKER_INSTANCE_DELETING,
  gone = STOKER_INSTANCE_GONE,
  failed = STOKER_INSTANCE_FAILED,
};
const char* to_string(InstanceState state);

struct Instance {
  InstanceState state = InstanceState::unknown;
  std::string id, client_token, name, region, zone, status_text, opaque;
  std::string ssh_host, ssh_user;
  uint32_t ssh_port = 22;
  std::string host_public_key;  // "ssh-ed25519 AAAA..." or "SHA256:..."; empty: not known by the provider
  std::string ssh_private_key;  // the user's own key for the user's own machine; empty: the agent's key
  int64_t created_ms = 0;
  int64_t deadline_ms = 0;  // of the deadline tag; 0: none
  Price price;
};

struct Account {
  std::string id, name;  // as the cloud calls it; empty where it does not tell
  std::optional<Money> balance;
};

// Made beside a machine under its client token, see stoker/ext/resources.h.
struct Resource {
  int32_t kind = STOKER_RESOURCE_OTHER;
  std::string id, region, name, client_token;
};

// Facts of the descriptor that steer the protocol.
struct ProviderFacts {
  std::string id, name;
  uint64_t capabilities = 0;  // STOKER_CAP_...
  int32_t power_off = STOKER_POWER_OFF_UNKNOWN;
  int64_t settle_ms = 90 * kSecond;
  int64_t min_create_interval_ms = 0;
  bool has_resources = false;  // leaves something beside its machines
};

// Failures are Error with the plugin's own status, message, hint, field and code. A plugin that throws across the
// boundary, returns a status that does not exist, or breaks a rule is Fault::unknown_outcome in create and
// Fault::internal elsewhere. Any thread; the implementation serializes calls on one object.
class Provider {
 public:
  virtual ~Provider() = default;
  [[nodiscard]] virtual const ProviderFacts& facts() const = 0;
  virtual Account validate(const Wait&) = 0;
  virtual std::vector<Offer> list_offers(const OfferQuery&, const Wait&) = 0;
  // Usually one; two are possible when a cloud made two machines for one call.
  virtual std::vector<Instance> create(const CreateRequest&, const Wait&) = 0;
  // Empty token: all of `owner`.
  virtual std::vector<Instance> find(const std::string& owner, const std::string& client_token, const Wait&) = 0;
  virtual Instance get(const InstanceRef&, const Wait&) = 0;
  virtual void remove(const InstanceRef&, const Wait&) = 0;
  // Of a provider whose facts say has_resources.
  virtual std::vector<Resource> resources(const std::string& /*owner*/, const std::string& /*client_token*/,
                                          const Wait&) {
    return {};
  }
  virtual void remove_resource(const Resource&, const Wait&) {}
};

}  // namespace stoker::plugin_host
