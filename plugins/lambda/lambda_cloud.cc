#include "plugins/lambda/lambda_cloud.h"

#include <algorithm>
#include <stoker/cpp/json_writer.hpp>

namespace stoker::lambda {
namespace {

constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;
constexpr std::int64_t kMicrosPerCent = 10'000;
constexpr char kTokenTag[] = "stk-token", kDeadlineTag[] = "stk-deadline";

// The message is for people and may change.
constexpr Meaning kMeanings[] = {
    {"global/invalid-api-key", STOKER_E_AUTH},
    {"global/account-inactive", STOKER_E_FORBIDDEN},
    {"global/invalid-address", STOKER_E_FORBIDDEN},
    {"global/quota-exceeded", STOKER_E_QUOTA},
    {"global/object-does-not-exist", STOKER_E_NOT_FOUND},
    {"global/invalid-parameters", STOKER_E_INVALID},
    {"instance-operations/launch/insufficient-capacity", STOKER_E_NO_CAPACITY},
    {"ssh-keys/key-in-use", STOKER_E_UNAVAILABLE},  // for a moment after the machine has gone
};

std::optional<Failure> explain(const ApiReply& reply, const std::string& doing) {
  const Json error = reply.body["error"];
  // Cloudflare stands in front, and answers in words of its own.
  if (reply.status == 403 && !error.exists())
    return Failure{STOKER_E_FORBIDDEN, doing + ": the vendor's gateway refused the request (HTTP 403)"}.hint(
        "this is not about the API key; try again later, or from another network");
  const std::string code = error["code"].text();
  const Meaning* meaning = meaning_of(kMeanings, code);
  if (meaning == nullptr) return std::nullopt;
  Failure failure{meaning->status, doing + ": " + error["message"].text()};
  failure.code(code).hint(error["suggestion"].text());
  if (meaning->status == STOKER_E_AUTH)
    failure.blame("api_key").hint("make a new key at https://cloud.lambda.ai/api-keys and give it to the account");
  return failure;
}

// "H100 (80 GB PCIe)": the memory of one GPU stands nowhere else.
std::uint64_t gpu_memory(std::string_view description) {
  const std::size_t unit = description.find("GB");
  if (unit == std::string_view::npos) return 0;
  std::size_t end = unit;
  while (end > 0 && description[end - 1] == ' ') --end;
  std::size_t begin = end;
  while (begin > 0 && detail::is_digit(description[begin - 1])) --begin;
  return end - begin > 0 && end - begin < 6 ? std::stoull(std::string(description.substr(begin, end - begin))) * kGibi
                                            : 0;
}

Price price_of(const Json& type) {
  Price price;
  price.per_hour = {type["price_cents_per_hour"].integer() * kMicrosPerCent, "USD"};
  price.granularity_s = 60;
  return price;
}

Offer offer_of(const Json& type) {
  const Json specs = type["specs"];
  Offer offer;
  offer.machine = type["name"].text();
  offer.gpu_count = static_cast<std::uint32_t>(specs["gpus"].count());
  const std::string gpu = type["gpu_description"].text();
  if (offer.gpu_count > 0) {
    offer.gpu_model = gpu.substr(0, gpu.find(" ("));
    offer.gpu_mem_bytes = gpu_memory(gpu);
  }
  // Older answers lack the architecture, and GH200 is the one that is not x86.
  const std::string arch = type["architecture"].text();
  const bool arm = arch == "arm64" || (arch.empty() && offer.machine.find("gh200") != std::string::npos);
  offer.cpu_arch = arm ? "aarch64" : "x86_64";
  offer.vcpus = static_cast<std::uint32_t>(specs["vcpus"].count());
  offer.mem_bytes = specs["memory_gib"].count() * kGibi;
  offer.disk_bytes = specs["storage_gib"].count() * kGibi;
  offer.price = price_of(type);
  return offer;
}

std::string tag_of(const Json& instance, std::string_view key) {
  for (const Json& tag : instance["tags"].items())
    if (tag["key"].text() == key) return tag["value"].text();
  return {};
}

std::int32_t state_of(const std::string& status) {
  if (status == "booting") return STOKER_INSTANCE_PENDING;
  if (status == "active") return STOKER_INSTANCE_RUNNING;
  if (status == "unhealthy" || status == "preempted") return STOKER_INSTANCE_FAILED;
  if (status == "terminating") return STOKER_INSTANCE_DELETING;
  if (status == "terminated") return STOKER_INSTANCE_GONE;
  return STOKER_INSTANCE_UNKNOWN;
}

Instance instance_of(const Json& from) {
  Instance instance;
  instance.id = from["id"].text();
  instance.name = from["name"].text();
  instance.client_token = tag_of(from, kTokenTag);
  if (instance.client_token.empty()) instance.client_token = instance.name;
  instance.region = from["region"]["name"].text();
  instance.status_text = from["status"].text();
  instance.state = state_of(instance.status_text);
  instance.ssh_host = from["ip"].text();
  instance.ssh_user = "ubuntu";
  instance.price = price_of(from["instance_type"]);
  instance.deadline_ms = deadline_of_tag(tag_of(from, kDeadlineTag));
  return instance;
}

std::string launch_body(const CreateRequest& request, const std::string& type) {
  JsonWriter json;
  json.begin_object()
      .member("region_name", request.region)
      .member("instance_type_name", type)
      .member("name", request.name)
      .member("user_data", request.user_data);
  json.key("ssh_key_names").begin_array().text(request.client_token).end_array();
  const bool image_is_id =
      request.image.size() == 36 && std::count(request.image.begin(), request.image.end(), '-') == 4;
  if (!request.image.empty())
    json.key("image").begin_object().member(image_is_id ? "id" : "family", request.image).end_object();
  json.key("tags").begin_array();
  const auto tag = [&](std::string_view key, std::string_view value) {
    json.begin_object().member("key", key).member("value", value).end_object();
  };
  for (const auto& field : request.tags) tag(view(field.key), view(field.value.as.s));
  tag(kTokenTag, request.client_token);
  return json.end_array().end_object().str();
}

}  // namespace

LambdaCloud::LambdaCloud(const Config&) : api_("lambda", "https://cloud.lambda.ai/api/v1", "api_key", explain) {}

// The smallest authenticated answer; it names no account.
Account LambdaCloud::validate(Call& call) {
  (void)api_.list(call, "checking the API key", "/instances", "data");
  return {};
}

void LambdaCloud::list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) {
  const ApiReply reply = api_.get(call, "listing offers", "/instance-types");
  if (!reply.body["data"].is_object()) throw Failure{STOKER_E_UNAVAILABLE, "lambda: listing offers gave no list"};
  for (const Json& entry : reply.body["data"].values()) {
    std::vector<std::string> regions;
    for (const Json& region : entry["regions_with_capacity_available"].items())
      regions.push_back(region["name"].text());
    emit_in_regions(offer_of(entry["instance_type"]), regions, query, emit);
  }
}

void LambdaCloud::require_price(Call& call, const CreateRequest& request, const std::string& type) const {
  const std::string doing = "looking up the price";
  const Json types = api_.get(call, doing, "/instance-types").body["data"];
  if (!types.is_object()) throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(doing) + " gave no list"};
  const Json entry = types[type];
  if (!entry.exists()) throw Failure{STOKER_E_NO_CAPACITY, "lambda: " + type + " is listed no more"};
  request.require_price("lambda", type, price_of(entry["instance_type"]).per_hour.micros);
}

bool LambdaCloud::has_key(Call& call, const CreateRequest& request) const {
  const std::vector<Json> keys = api_.list(call, "listing SSH keys", "/ssh-keys", "data");
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Json& key) { return key["name"].text() == request.client_token; });
}

void LambdaCloud::ensure_key(Call& call, const CreateRequest& request) const {
  if (has_key(call, request)) return;
  JsonWriter json;
  json.begin_object().member("name", request.client_token);
  json.member("public_key", request.first_public_key()).end_object();
  try {
    // A second object of the same name and key would do no harm, and is removed like the first.
    api_.post(call, "registering the SSH key", "/ssh-keys", json.str(), Effect::repeatable);
  } catch (const Failure& failure) {
    // Refused as one that is there already, when the answer to an earlier try was lost.
    if (failure.status() != STOKER_E_INVALID || !has_key(call, request)) throw;
  }
}

void LambdaCloud::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  const std::string type = request.machine();
  before_create([&] {
    require_price(call, request, type);
    ensure_key(call, request);
  });
  ApiReply reply;
  try {
    reply = api_.post(call, "launching", "/instance-operations/launch", launch_body(request, type), Effect::once);
  } catch (Failure& failure) {
    if (failure.status() != STOKER_E_NOT_FOUND) throw;
    // What is missing is what the launch named: the key of a moment ago, or an image that never was.
    const bool key =
        failure.message().find("ssh") != std::string::npos || failure.message().find("SSH") != std::string::npos;
    throw Failure{key ? STOKER_E_UNAVAILABLE : STOKER_E_INVALID, failure.message()}.blame(
        key || request.image.empty() ? "" : "resources.image");
  }
  const auto ids = reply.body["data"]["instance_ids"].items();
  if (ids.empty() || std::any_of(ids.begin(), ids.end(), [](const Json& id) { return id.text().empty(); }))
    throw Failure{STOKER_E_UNKNOWN_OUTCOME, "lambda: launching gave no instance id"};
  for (const Json& id : ids) {
    Instance made;
    made.id = id.text();
    made.client_token = made.name = request.client_token;
    made.region = request.region;
    made.state = STOKER_INSTANCE_PENDING;
    emit(made);
  }
}

void LambdaCloud::find(Call& call, const FindQuery& query, const Emit<Instance>& emit) {
  for (const Json& one : api_.list(call, "listing machines", "/instances", "data")) {
    const Instance instance = instance_of(one);
    if (query.wants(instance.client_token)) emit(instance);
  }
}

Instance LambdaCloud::get(Call& call, const InstanceRef& ref) {
  const Json data = api_.get(call, "looking at a machine", "/instances/" + std::string(ref.id)).body["data"];
  Instance instance = instance_of(data);
  if (instance.id != ref.id) throw Failure{STOKER_E_UNAVAILABLE, "lambda: looking at a machine gave another, or none"};
  return instance;
}

void LambdaCloud::remove(Call& call, const InstanceRef& ref) {
  JsonWriter json;
  json.begin_object().key("instance_ids").begin_array().text(ref.id).end_array().end_object();
  api_.post(call, "terminating", "/instance-operations/terminate", json.str(), Effect::repeatable);
}

void LambdaCloud::list_resources(Call& call, const FindQuery& query, const Emit<Resource>& emit) {
  for (const Json& key : api_.list(call, "listing SSH keys", "/ssh-keys", "data")) {
    const std::string name = key["name"].text();
    if (query.wants(name)) emit(Resource{STOKER_RESOURCE_SSH_KEY, key["id"].text(), "", name, name});
  }
}

void LambdaCloud::remove_resource(Call& call, const Resource& resource) {
  api_.remove(call, "removing an SSH key", "/ssh-keys/" + resource.id);
}

}  // namespace stoker::lambda
