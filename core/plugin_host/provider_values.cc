#include "core/plugin_host/provider_values.h"

#include "sdk/include/stoker/cpp/gpu_model.hpp"

namespace stoker::plugin_host {
namespace {

Money copy_money(const stoker_money& foreign, const char* name) {
  if (foreign.micros < 0) throw Breach(std::string(name) + " is negative");
  Money money;
  money.micros = foreign.micros;
  const size_t length = ::strnlen(foreign.currency, sizeof foreign.currency);
  const std::string currency(foreign.currency, length);
  if (length != 0 && (length != 3 || currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos))
    throw Breach(std::string(name) + " has no ISO 4217 currency");
  if (length != 0) money.currency = currency;
  return money;
}

Price copy_price(const stoker_price* foreign) {
  if (foreign == nullptr) return {};
  const stoker_price said = copy_struct(foreign, "price");
  Price price;
  price.per_hour = copy_money(said.per_hour, "price per hour");
  price.flags = said.flags;
  if (said.granularity_s != 0) price.granularity_s = said.granularity_s;
  price.minimum_s = said.minimum_s;
  return price;
}

stoker_money lend_limit(int64_t micros) { return {micros, {'U', 'S', 'D', '\0'}, 0}; }

InstanceState known_state(int32_t state) {
  const bool known = state >= STOKER_INSTANCE_UNKNOWN && state <= STOKER_INSTANCE_FAILED;
  return known ? static_cast<InstanceState>(state) : InstanceState::unknown;
}

}  // namespace

const char* to_string(InstanceState state) {
  switch (state) {
    case InstanceState::unknown:
      return "unknown";
    case InstanceState::pending:
      return "pending";
    case InstanceState::running:
      return "running";
    case InstanceState::stopping:
      return "stopping";
    case InstanceState::stopped:
      return "stopped";
    case InstanceState::deleting:
      return "deleting";
    case InstanceState::gone:
      return "gone";
    case InstanceState::failed:
      return "failed";
  }
  return "unknown";
}

Account copy_account(const stoker_account* foreign) {
  const stoker_account said = copy_struct(foreign, "account");
  Account account;
  account.id = copy_text(said.id, "account id");
  account.name = copy_text(said.name, "account name");
  if (said.balance.currency[0] == '\0') return account;  // not said
  // A debt is a legal balance.
  stoker_money balance = said.balance;
  balance.micros = 0;
  account.balance = copy_money(balance, "balance");
  account.balance->micros = said.balance.micros;
  return account;
}

Offer copy_offer(const stoker_offer* foreign) {
  const stoker_offer said = copy_struct(foreign, "offer");
  Offer offer;
  offer.id = copy_text(said.id, "offer id");
  if (offer.id.empty()) throw Breach("an offer has no id");
  offer.region = copy_text(said.region, "offer region");
  offer.zone = copy_text(said.zone, "offer zone");
  offer.machine = copy_text(said.machine, "offer machine");
  offer.gpu_model = gpu_model(copy_text(said.gpu_model, "offer gpu_model"), said.gpu_mem_bytes);
  offer.cpu_arch = copy_text(said.cpu_arch, "offer cpu_arch");
  offer.opaque = copy_bytes(said.opaque, kMaxOpaque, "offer opaque");
  const bool known = said.availability >= STOKER_AVAIL_UNKNOWN && said.availability <= STOKER_AVAIL_NONE;
  offer.availability = known ? said.availability : STOKER_AVAIL_UNKNOWN;
  offer.gpu_count = said.gpu_count;
  offer.vcpus = said.vcpus;
  offer.gpu_mem_bytes = said.gpu_mem_bytes;
  offer.mem_bytes = said.mem_bytes;
  offer.disk_bytes = said.disk_bytes;
  offer.price = copy_price(said.price);
  return offer;
}

Instance copy_instance(const stoker_instance* foreign) {
  const stoker_instance said = copy_struct(foreign, "instance");
  Instance instance;
  instance.state = known_state(said.state);
  instance.id = copy_text(said.id, "instance id");
  if (instance.id.empty()) throw Breach("an instance has no id");
  instance.client_token = copy_text(said.client_token, "instance client_token");
  instance.name = copy_text(said.name, "instance name");
  instance.region = copy_text(said.region, "instance region");
  instance.zone = copy_text(said.zone, "instance zone");
  instance.status_text = copy_text(said.status_text, "instance status_text");
  instance.ssh_host = copy_text(said.ssh_host, "instance ssh_host");
  instance.ssh_user = copy_text(said.ssh_user, "instance ssh_user");
  if (said.ssh_port > 65535) throw Breach("instance ssh_port is no port");
  if (said.ssh_port != 0) instance.ssh_port = said.ssh_port;
  instance.host_public_key = copy_text(said.host_public_key, "instance host_public_key");
  instance.ssh_private_key = copy_text(said.ssh_private_key, "instance ssh_private_key");
  instance.created_ms = said.created_ms;
  instance.deadline_ms = said.deadline_ms;
  instance.price = copy_price(said.price);
  instance.opaque = copy_bytes(said.opaque, kMaxOpaque, "instance opaque");
  return instance;
}

Resource copy_resource(const stoker_resource* foreign) {
  const stoker_resource said = copy_struct(foreign, "resource");
  Resource resource;
  resource.kind = said.kind;
  resource.id = copy_text(said.id, "resource id");
  if (resource.id.empty()) throw Breach("a resource has no id");
  resource.region = copy_text(said.region, "resource region");
  resource.name = copy_text(said.name, "resource name");
  resource.client_token = copy_text(said.client_token, "resource client_token");
  return resource;
}

ProviderFacts copy_facts(const stoker_descriptor& said) {
  ProviderFacts facts;
  facts.id = copy_c_text(said.id, "descriptor id");
  facts.name = copy_c_text(said.name, "descriptor name");
  facts.capabilities = said.capabilities;
  facts.power_off = said.power_off;
  if (said.settle_ms > 0) facts.settle_ms = said.settle_ms;
  if (said.min_create_interval_ms > 0) facts.min_create_interval_ms = said.min_create_interval_ms;
  return facts;
}

stoker_offer_query lend(const OfferQuery& ours) {
  stoker_offer_query query{};
  query.struct_size = sizeof query;
  query.flags = ours.spot ? STOKER_QUERY_SPOT : 0;
  query.region = lend(ours.region);
  query.gpu_model = lend(ours.gpu_model);
  query.cpu_arch = lend(ours.cpu_arch);
  query.min_gpus = ours.min_gpus;
  query.min_vcpus = ours.min_vcpus;
  query.min_gpu_mem_bytes = ours.min_gpu_mem_bytes;
  query.min_mem_bytes = ours.min_mem_bytes;
  query.min_disk_bytes = ours.min_disk_bytes;
  query.max_per_hour = lend_limit(ours.max_micros_per_hour);
  return query;
}

std::vector<stoker_field> lend_tags(const CreateRequest& ours) {
  std::vector<stoker_field> tags;
  for (const auto& [key, value] : ours.tags) {
    stoker_field field{lend(key), {STOKER_TEXT, 0, {}}};
    field.value.as.s = lend(value);
    tags.push_back(field);
  }
  return tags;
}

stoker_create_request lend(const CreateRequest& ours, const std::vector<stoker_field>& tags) {
  stoker_create_request request{};
  request.struct_size = sizeof request;
  request.flags = ours.spot ? STOKER_CREATE_SPOT : 0;
  request.client_token = lend(ours.client_token);
  request.offer_id = lend(ours.offer_id);
  request.offer_opaque = lend(ours.offer_opaque);
  request.region = lend(ours.region);
  request.zone = lend(ours.zone);
  request.name = lend(ours.name);
  request.image = lend(ours.image);
  request.ssh_public_key = lend(ours.ssh_public_key);
  request.user_data = lend(ours.user_data);
  request.owner = lend(ours.owner);
  request.tags = tags.data();
  request.n_tags = tags.size();
  request.disk_bytes = ours.disk_bytes;
  request.max_per_hour = lend_limit(ours.max_micros_per_hour);
  request.deadline_ms = ours.deadline_ms;
  return request;
}

stoker_instance_ref lend(const InstanceRef& ours) {
  return {sizeof(stoker_instance_ref), 0, lend(ours.id), lend(ours.region), lend(ours.opaque)};
}

stoker_resource lend(const Resource& ours) {
  return {sizeof(stoker_resource), ours.kind,       lend(ours.id),
          lend(ours.region),       lend(ours.name), lend(ours.client_token)};
}

}  // namespace stoker::plugin_host
