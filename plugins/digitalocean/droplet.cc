#include "plugins/digitalocean/droplet.h"

#include <algorithm>
#include <cmath>
#include <stoker/cpp/timestamp.hpp>

namespace stoker::digitalocean {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20, kGibi = std::uint64_t{1} << 30, kGiga = 1'000'000'000;
constexpr char kOwnerTag[] = "stk-install:", kRunTag[] = "stk-run:";

Price price_of(const Json& size) {
  Price price;
  price.per_hour = {std::llround(size["price_hourly"].real().value_or(0) * 1e6), "USD"};
  price.granularity_s = 1;
  price.minimum_s = 60;
  return price;
}

// Documented as of one GPU, sent as of all: "gpu-h100x8-640gb" with an amount of 640.
std::uint64_t gpu_memory(const Json& gpu, const std::string& slug) {
  const std::uint64_t amount = gpu["vram"]["amount"].count(), count = std::max<std::uint64_t>(gpu["count"].count(), 1);
  const bool total = slug.ends_with("-" + std::to_string(amount) + "gb");
  return (total ? amount / count : amount) * kGibi;
}

// Images made for GPUs; the first serves every single NVIDIA GPU, whatever its name says.
const char* image_for(const Offer& offer) {
  if (offer.gpu_model.starts_with("amd")) return "gpu-amd-base";
  return offer.gpu_count >= 8 ? "gpu-h100x8-base" : "gpu-h100x1-base";
}

std::int32_t state_of(const std::string& status) {
  if (status == "new") return STOKER_INSTANCE_PENDING;
  if (status == "active") return STOKER_INSTANCE_RUNNING;
  if (status == "off" || status == "archive") return STOKER_INSTANCE_STOPPED;
  return STOKER_INSTANCE_UNKNOWN;
}

std::string address_of(const Json& droplet, std::string_view type) {
  for (const Json& network : droplet["networks"]["v4"].items())
    if (network["type"].text() == type) return network["ip_address"].text();
  return {};
}

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> all;
  for (const Json& item : list.items()) all.push_back(item.text());
  return all;
}

// Within the message, in lower case. The first that fits counts.
constexpr Meaning kMeanings[] = {
    {"exceed your droplet limit", STOKER_E_QUOTA, "ask DigitalOcean to raise the account's droplet limit"},
    {"currently restricted", STOKER_E_QUOTA, "DigitalOcean's support can lift the restriction"},
    {"invalid key identifiers", STOKER_E_UNAVAILABLE, "a new SSH key takes up to a minute to be seen everywhere"},
    {"already has a pending event", STOKER_E_UNAVAILABLE},
    {"image", STOKER_E_INVALID, "name another resources.image", "resources.image"},
    {"size is not available", STOKER_E_NO_CAPACITY},
    {"region is not available", STOKER_E_NO_CAPACITY},
    {"size is unavailable", STOKER_E_NO_CAPACITY},
    {"temporarily unavailable", STOKER_E_NO_CAPACITY},
    {"invalid size", STOKER_E_INVALID, "name another resources.machine", "resources.machine"},
    {"region", STOKER_E_INVALID, "name another resources.region", "resources.region"},
};

}  // namespace

std::optional<Offer> offer_of(const Json& size) {
  const Json gpu = size["gpu_info"];
  if (!gpu.exists()) return std::nullopt;
  Offer offer;
  offer.machine = size["slug"].text();
  offer.cpu_arch = "x86_64";
  offer.gpu_count = static_cast<std::uint32_t>(gpu["count"].count());
  offer.gpu_model = gpu["model"].text();
  offer.gpu_mem_bytes = gpu_memory(gpu, offer.machine);
  offer.vcpus = static_cast<std::uint32_t>(size["vcpus"].count());
  offer.mem_bytes = size["memory"].count() * kMebi;
  offer.disk_bytes = size["disk"].count() * kGiga;
  offer.price = price_of(size);
  offer.opaque = image_for(offer);
  return offer;
}

std::vector<std::string> regions_of(const Json& size) {
  return size["available"].boolean(true) ? texts(size["regions"]) : std::vector<std::string>{};
}

Instance instance_of(const Json& droplet) {
  Instance instance;
  instance.id = droplet["id"].text();
  instance.name = droplet["name"].text();
  for (const std::string& tag : texts(droplet["tags"])) {
    const std::string token = token_of_tag(tag);
    if (token.empty()) continue;
    instance.client_token = token;
    instance.deadline_ms = deadline_of_tag(std::string_view(tag).substr(tag.rfind(':') + 1));
  }
  if (instance.client_token.empty()) instance.client_token = instance.name;
  instance.region = droplet["region"]["slug"].text();
  instance.status_text = droplet["status"].text();
  instance.state = state_of(instance.status_text);
  instance.ssh_host = address_of(droplet, "public");
  instance.ssh_user = "root";
  instance.created_ms = parse_timestamp(droplet["created_at"].text());
  instance.price = price_of(droplet["size"]);
  return instance;
}

std::string owner_tag(std::string_view owner) { return kOwnerTag + std::string(owner); }

std::string run_tag(std::string_view client_token, std::int64_t deadline_ms) {
  return kRunTag + std::string(client_token) + ":" + std::to_string(deadline_ms / 1000);
}

std::string token_of_tag(std::string_view tag) {
  if (!tag.starts_with(kRunTag)) return {};
  tag.remove_prefix(sizeof kRunTag - 1);
  return std::string(tag.substr(0, tag.find(':')));
}

std::optional<Failure> explain(const ApiReply& reply, const std::string& doing) {
  const std::string message = reply.body["message"].text();
  if (message.empty()) return std::nullopt;
  const auto failure = [&](stoker_status status, const char* hint, const char* field) {
    return Failure{status, doing + ": " + message}.code(reply.body["id"].text()).hint(hint).blame(field);
  };
  if (reply.status == 401)
    return failure(STOKER_E_AUTH, "it is mistyped, expired or revoked; make a new one under API, Tokens", "token");
  if (reply.status == 403)
    return failure(STOKER_E_FORBIDDEN, "make a token with the permission in brackets, or with full access", "token");
  if (reply.status != 422) return std::nullopt;
  std::string lower = message;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const Meaning* found = meaning_within(kMeanings, lower);
  return found == nullptr ? failure(STOKER_E_INVALID, "", "") : failure(found->status, found->hint, found->field);
}

}  // namespace stoker::digitalocean
