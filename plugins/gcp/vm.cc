#include "plugins/gcp/vm.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/timestamp.hpp>

namespace stoker::gcp {
namespace {

// Deep Learning VM on Ubuntu: it has the driver, and cloud-init, which Google's Debian lacks.
constexpr char kImage[] =
    "projects/deeplearning-platform-release/global/images/family/common-cu129-ubuntu-2204-nvidia-580";
constexpr char kUser[] = "ubuntu";
constexpr std::uint64_t kGiga = 1'000'000'000, kLeastDiskGb = 100;
constexpr std::int64_t kLeastRunS = 30, kMostRunS = 120 * 86'400, kMarginS = 600;
constexpr char kVersion[] = "1 ";

std::string image_url(std::string_view image) {
  if (image.empty()) return kImage;
  return image.find('/') == std::string_view::npos
             ? "projects/deeplearning-platform-release/global/images/family/" + std::string(image)
             : std::string(image);
}

std::string login_lines(std::string_view keys) {
  std::string lines;
  while (!keys.empty()) {
    const std::size_t end = std::min(keys.find('\n'), keys.size());
    if (end > 0) lines += (lines.empty() ? "" : "\n") + std::string(kUser) + ":" + std::string(keys.substr(0, end));
    keys.remove_prefix(std::min(end + 1, keys.size()));
  }
  return lines;
}

void write_scheduling(JsonWriter& json, const CreateRequest& request, std::int64_t now_ms) {
  const std::int64_t left_s = request.deadline_ms == 0 ? kMostRunS : (request.deadline_ms - now_ms) / 1000 + kMarginS;
  json.key("scheduling").begin_object();
  json.member("provisioningModel", request.spot ? "SPOT" : "STANDARD").member("preemptible", request.spot);
  json.member("automaticRestart", false).member("onHostMaintenance", "TERMINATE");
  json.member("instanceTerminationAction", "DELETE").key("maxRunDuration").begin_object();
  json.member("seconds", std::to_string(std::clamp(left_s, kLeastRunS, kMostRunS))).end_object().end_object();
}

void write_disk(JsonWriter& json, const CreateRequest& request, const std::string& zone, bool hyperdisk) {
  json.key("disks").begin_array().begin_object();
  json.member("boot", true).member("autoDelete", true).member("mode", "READ_WRITE").member("type", "PERSISTENT");
  json.key("initializeParams").begin_object().member("sourceImage", image_url(request.image));
  json.member("diskSizeGb", std::to_string(std::max(kLeastDiskGb, (request.disk_bytes + kGiga - 1) / kGiga)));
  json.member("diskType", zone + "/diskTypes/" + (hyperdisk ? "hyperdisk-balanced" : "pd-balanced"));
  json.end_object().end_object().end_array();
}

void write_network(JsonWriter& json, const Network& network, const std::string& region) {
  json.key("networkInterfaces").begin_array().begin_object();
  json.member("network", "global/networks/" + network.network);
  if (!network.subnetwork.empty())
    json.member("subnetwork", "regions/" + region + "/subnetworks/" + network.subnetwork);
  json.key("accessConfigs").begin_array().begin_object();
  json.member("name", "external-nat").member("type", "ONE_TO_ONE_NAT").end_object().end_array();
  json.end_object().end_array();
}

// OS Login would leave the SSH keys unread without a word, and so might those of the project add to them.
void write_metadata(JsonWriter& json, const CreateRequest& request) {
  const std::pair<const char*, std::string> items[] = {{"user-data", std::string(request.user_data)},
                                                       {"ssh-keys", login_lines(request.ssh_public_key)},
                                                       {"block-project-ssh-keys", "TRUE"},
                                                       {"enable-oslogin", "FALSE"},
                                                       {"install-nvidia-driver", "True"}};
  json.key("metadata").begin_object().key("items").begin_array();
  for (const auto& [key, value] : items)
    if (!value.empty()) json.begin_object().member("key", key).member("value", value).end_object();
  json.end_array().end_object();
}

std::int32_t state_of(const std::string& status) {
  if (status == "PROVISIONING" || status == "STAGING" || status == "REPAIRING") return STOKER_INSTANCE_PENDING;
  if (status == "RUNNING") return STOKER_INSTANCE_RUNNING;
  // A delete under way looks like a stop, and ours are deleted once they are stopped.
  if (status == "STOPPING" || status == "DEPROVISIONING") return STOKER_INSTANCE_DELETING;
  if (status == "TERMINATED" || status == "STOPPED" || status.starts_with("SUSPEND")) return STOKER_INSTANCE_STOPPED;
  return STOKER_INSTANCE_UNKNOWN;
}

// Within the code or the message, letters only. The first that fits counts. Every code comes as SOME_CODE and as
// someCode, with and without something behind it.
constexpr Meaning kMeanings[] = {
    {"resourcepoolexhausted", STOKER_E_NO_CAPACITY},
    {"stockout", STOKER_E_NO_CAPACITY},
    {"insufficientcapacity", STOKER_E_NO_CAPACITY},
    {"unsupportedoperation", STOKER_E_NO_CAPACITY},  // preempted while it was made
    {"resourcenotready", STOKER_E_UNAVAILABLE},
    {"alreadyexists", STOKER_E_CONFLICT},
    {"ratelimitexceeded", STOKER_E_RATE_LIMITED},
    {"operationrateexceeded", STOKER_E_RATE_LIMITED},
    {"gpusallregions", STOKER_E_QUOTA, "ask for more of the quota GPUS_ALL_REGIONS under IAM & Admin, Quotas"},
    {"quotaexceeded", STOKER_E_NO_CAPACITY, "ask for more of this quota under IAM & Admin, Quotas"},
    {"servicedisabled", STOKER_E_FORBIDDEN, "enable the API that the message names, and wait a minute", "project"},
    {"accessnotconfigured", STOKER_E_FORBIDDEN, "enable the API that the message names, and wait a minute", "project"},
    {"oslogin", STOKER_E_FORBIDDEN, "the organization demands OS Login, which this agent can not use"},
};

std::string letters(std::string_view text) {
  std::string kept;
  for (const unsigned char c : text)
    if (std::isalpha(c) != 0) kept += static_cast<char>(std::tolower(c));
  return kept;
}

std::optional<Failure> refusal_of(const std::string& codes, const std::string& message, const std::string& doing) {
  const Meaning* found = meaning_within(kMeanings, letters(codes) + " " + letters(message));
  if (found == nullptr) return std::nullopt;
  return Failure{found->status, doing + ": " + message}.code(codes).hint(found->hint).blame(found->field);
}

}  // namespace

std::string last_part(std::string_view url) { return std::string(url.substr(url.rfind('/') + 1)); }
std::string region_of(std::string_view zone) { return std::string(zone.substr(0, zone.rfind('-'))); }

std::string Place::text() const { return kVersion + zone + " " + name + (operation.empty() ? "" : " " + operation); }

Place Place::parse(std::string_view text) {
  if (!text.starts_with(kVersion)) return {};
  text.remove_prefix(sizeof kVersion - 1);
  const auto next = [&] {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    return std::string(word);
  };
  Place place;
  place.zone = next();
  place.name = next();
  place.operation = next();
  return place;
}

std::string insert_body(const CreateRequest& request, const MachineType& type, const Network& network,
                        std::int64_t now_ms) {
  const std::string zone = "zones/" + std::string(request.zone);
  JsonWriter json;
  json.begin_object().member("name", request.client_token);
  json.member("machineType", zone + "/machineTypes/" + type.name);
  write_disk(json, request, zone, std::string_view(type.name).starts_with("a3-ultra"));
  write_network(json, network, region_of(request.zone));
  write_scheduling(json, request, now_ms);
  if (type.attached) {
    json.key("guestAccelerators").begin_array().begin_object();
    json.member("acceleratorType", zone + "/acceleratorTypes/" + type.accelerator);
    json.member("acceleratorCount", type.gpus).end_object().end_array();
  }
  json.key("labels").begin_object().member("stk-install", request.owner).member("stk-run", request.client_token);
  json.member("stk-deadline", std::to_string(request.deadline_ms / 1000)).end_object();
  write_metadata(json, request);
  json.member("canIpForward", false).member("deletionProtection", false);
  return json.end_object().str();
}

std::string request_id(std::string_view client_token) {
  unsigned char hash[EVP_MAX_MD_SIZE] = {};
  EVP_Digest(client_token.data(), client_token.size(), hash, nullptr, EVP_sha256(), nullptr);
  hash[6] = static_cast<unsigned char>((hash[6] & 0x0f) | 0x80);
  hash[8] = static_cast<unsigned char>((hash[8] & 0x3f) | 0x80);
  constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id.append({kHex[hash[i] >> 4], kHex[hash[i] & 15]});
  }
  return id;
}

Instance instance_of(const Json& vm) {
  Instance instance;
  instance.id = vm["id"].text();
  instance.name = vm["name"].text();
  instance.client_token = vm["labels"]["stk-run"].text();
  if (instance.client_token.empty()) instance.client_token = instance.name;
  instance.deadline_ms = deadline_of_tag(vm["labels"]["stk-deadline"].text());
  instance.zone = last_part(vm["zone"].text());
  instance.region = region_of(instance.zone);
  instance.status_text = vm["status"].text();
  instance.state = state_of(instance.status_text);
  const auto interfaces = vm["networkInterfaces"].items();
  if (!interfaces.empty()) {
    const auto outside = interfaces.front()["accessConfigs"].items();
    if (!outside.empty()) instance.ssh_host = outside.front()["natIP"].text();
  }
  instance.ssh_user = kUser;
  instance.created_ms = parse_timestamp(vm["creationTimestamp"].text());
  instance.opaque = Place{instance.zone, instance.name, {}}.text();
  return instance;
}

std::optional<Failure> failure_of(const Json& operation, const std::string& doing) {
  const auto errors = operation["error"]["errors"].items();
  if (errors.empty() && !operation["error"].exists() && operation["httpErrorStatusCode"].integer() < 400)
    return std::nullopt;
  std::string codes, message;
  for (const Json& error : errors) {
    codes += (codes.empty() ? "" : ", ") + error["code"].text();
    message += (message.empty() ? "" : "; ") + error["message"].text();
  }
  if (message.empty()) message = codes.empty() ? operation["httpErrorMessage"].text() : codes;
  // The same request would be answered by the same operation: whatever passes, passes elsewhere.
  auto failure = refusal_of(codes, message, doing).value_or(Failure{STOKER_E_NO_CAPACITY, doing + ": " + message});
  const bool lasts = failure.status() == STOKER_E_QUOTA || failure.status() == STOKER_E_FORBIDDEN;
  return failure.code(codes).status(lasts ? failure.status() : STOKER_E_NO_CAPACITY);
}

std::optional<Failure> explain(const ApiReply& reply, const std::string& doing) {
  const Json error = reply.body["error"];
  const std::string message = error["message"].text();
  std::string codes = error["status"].text();
  for (const char* list : {"errors", "details"})
    for (const Json& one : error[list].items()) codes += " " + one["reason"].text();
  if (reply.status == 401)
    return Failure{STOKER_E_AUTH, doing + " was refused: " + message}
        .blame("credentials")
        .hint("make a new key for the service account, or log in again with gcloud auth application-default login");
  if (message.empty() || reply.status >= 500) return std::nullopt;
  if (auto known = refusal_of(codes, message, doing)) return known;
  if (reply.status == 403)
    return Failure{STOKER_E_FORBIDDEN, doing + ": " + message}
        .blame("credentials")
        .hint("grant the role Compute Instance Admin (v1) in this project");
  if (reply.status == 400 || reply.status == 412) return Failure{STOKER_E_INVALID, doing + ": " + message};
  return std::nullopt;
}

}  // namespace stoker::gcp
