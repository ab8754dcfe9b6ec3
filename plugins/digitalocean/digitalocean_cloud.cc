#include "plugins/digitalocean/digitalocean_cloud.h"

#include <set>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/paged_list.hpp>

#include "plugins/digitalocean/droplet.h"

namespace stoker::digitalocean {
namespace {

constexpr int kPageSize = 200, kMaxPages = 500;
constexpr char kKey[] = "key:", kTag[] = "tag:";

// The permission that a call needs stands in brackets: it is the first thing to know when it is refused.
constexpr char kReadAccount[] = "reading the account (account:read)";
constexpr char kListSizes[] = "listing sizes (sizes:read, regions:read)";
constexpr char kListDroplets[] = "listing droplets (droplet:read)";
constexpr char kListTagged[] = "listing droplets by tag (droplet:read, tag:read)";
constexpr char kGetDroplet[] = "looking at a droplet (droplet:read)";
constexpr char kCreateDroplet[] = "creating a droplet (droplet:create, tag:create)";
constexpr char kDeleteDroplet[] = "deleting a droplet (droplet:delete)";
constexpr char kListKeys[] = "listing SSH keys (ssh_key:read)";
constexpr char kCreateKey[] = "registering an SSH key (ssh_key:create)";
constexpr char kDeleteKey[] = "removing an SSH key (ssh_key:delete)";
constexpr char kListTags[] = "listing tags (tag:read)";
constexpr char kDeleteTag[] = "removing a tag (tag:delete)";

std::string base_url(const Config& config) {
  return config.text("cloud", "digitalocean") == "amd" ? "https://api.devcloud.amd.com"
                                                       : "https://api.digitalocean.com";
}

std::string droplet_body(const CreateRequest& request, const std::string& size, std::int64_t key) {
  JsonWriter json;
  json.begin_object()
      .member("name", request.name)
      .member("region", request.region)
      .member("size", size)
      .member("image", request.image.empty() ? request.offer_opaque : request.image)
      .member("user_data", request.user_data);
  json.key("ssh_keys").begin_array().integer(key).end_array();
  json.key("tags").begin_array().text(owner_tag(request.owner));
  json.text(run_tag(request.client_token, request.deadline_ms)).end_array();
  return json.end_object().str();
}

std::string key_body(std::string_view name, std::string_view public_key) {
  JsonWriter json;
  return json.begin_object().member("name", name).member("public_key", public_key).end_object().str();
}

}  // namespace

DigitalOceanCloud::DigitalOceanCloud(const Config& config) : api_("digitalocean", base_url(config), "token", explain) {}

void DigitalOceanCloud::each(Call& call, const std::string& doing, const std::string& path, const std::string& key,
                             const Visit& visit) {
  PagedList list(api_.sentence(doing), kMaxPages);
  const std::string first =
      path + (path.find('?') == std::string::npos ? '?' : '&') + "per_page=" + std::to_string(kPageSize);
  for (int page = 1;; ++page) {
    list.page(std::to_string(page));
    const Json body = api_.get(call, doing, first + "&page=" + std::to_string(page)).body;
    if (!body[key].is_list()) throw list.broken("is none");
    for (const Json& item : body[key].items()) {
      const std::string id = item[key == "sizes" ? "slug" : key == "tags" ? "name" : "id"].text();
      if (id.empty()) throw list.broken("has an item without an id");
      list.item(id);
      visit(item);
    }
    if (body["links"]["pages"]["next"].exists()) continue;
    if (body["meta"]["total"].count() > list.items()) throw list.broken("is not whole");
    return;
  }
}

Account DigitalOceanCloud::validate(Call& call) {
  const Json account = api_.get(call, kReadAccount, "/v2/account").body["account"];
  if (!account.exists()) throw Failure{STOKER_E_UNAVAILABLE, "digitalocean: reading the account gave none"};
  if (account["status"].text() == "locked")
    throw Failure{STOKER_E_FORBIDDEN, "digitalocean: the account is locked: " + account["status_message"].text()}
        .blame("token")
        .hint("DigitalOcean's support can unlock it");
  require_permissions(call);
  const Json owner = account["team"].exists() ? account["team"] : account;
  return {owner["uuid"].text(), owner["name"].text(), {}};
}

// Better now than when a machine is to be deleted. What writes is asked for in a way that can never succeed: a size
// that does not exist, a key that is none, an id beyond all ids.
void DigitalOceanCloud::require_permissions(Call& call) {
  const std::string nothing = "9007199254740991";
  const std::string droplet = R"({"name":"stk-probe","size":"stk-none","image":"stk-none"})";
  probe_permission([&] { api_.get(call, kListSizes, "/v2/sizes?per_page=1"); });
  probe_permission([&] { api_.get(call, kListDroplets, "/v2/droplets?type=gpus&per_page=1"); });
  probe_permission([&] { api_.get(call, kListKeys, "/v2/account/keys?per_page=1"); });
  probe_permission([&] { api_.get(call, kListTags, "/v2/tags?per_page=1"); });
  probe_permission([&] { api_.post(call, kCreateDroplet, "/v2/droplets", droplet, Effect::repeatable); });
  probe_permission([&] { api_.remove(call, kDeleteDroplet, "/v2/droplets/" + nothing); });
  probe_permission(
      [&] { api_.post(call, kCreateKey, "/v2/account/keys", key_body("stk-probe", "none"), Effect::repeatable); });
  probe_permission([&] { api_.remove(call, kDeleteKey, "/v2/account/keys/" + nothing); });
  probe_permission([&] { api_.remove(call, kDeleteTag, "/v2/tags/stk-none"); });
}

void DigitalOceanCloud::list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) {
  each(call, kListSizes, "/v2/sizes", "sizes", [&](const Json& size) {
    if (const auto offer = offer_of(size)) emit_in_regions(*offer, regions_of(size), query, emit);
  });
}

void DigitalOceanCloud::require_price(Call& call, const CreateRequest& request, const std::string& size) {
  if (request.max_per_hour.micros == 0) return;
  each(call, kListSizes, "/v2/sizes", "sizes", [&](const Json& one) {
    const auto offer = offer_of(one);
    if (offer && offer->machine == size) request.require_price("digitalocean", size, offer->price.per_hour.micros);
  });
}

// A key object by its name. One that was registered a moment ago may not be listed yet.
std::int64_t DigitalOceanCloud::ensure_key(Call& call, const CreateRequest& request) {
  if (key_token_ == request.client_token) return key_id_;
  try {
    const ApiReply reply = api_.post(call, kCreateKey, "/v2/account/keys",
                                     key_body(request.client_token, request.first_public_key()), Effect::repeatable);
    key_id_ = reply.body["ssh_key"]["id"].integer();
    key_token_ = key_id_ != 0 ? request.client_token : "";
    if (key_id_ != 0) return key_id_;
  } catch (const Failure& failure) {
    if (failure.message().find("already in use") == std::string::npos) throw;
  }
  std::int64_t id = 0;
  each(call, kListKeys, "/v2/account/keys", "ssh_keys", [&](const Json& key) {
    if (key["name"].text() == request.client_token) id = key["id"].integer();
  });
  if (id == 0) throw Failure{STOKER_E_UNAVAILABLE, "digitalocean: the SSH key is not listed yet"}.retry_after(5000);
  return id;
}

void DigitalOceanCloud::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  const std::string size = request.machine();
  const std::int64_t key = before_create([&] {
    require_price(call, request, size);
    return ensure_key(call, request);
  });
  const std::string body = droplet_body(request, size, key);
  Instance made = instance_of(api_.post(call, kCreateDroplet, "/v2/droplets", body, Effect::once).body["droplet"]);
  if (made.id.empty()) throw Failure{STOKER_E_UNKNOWN_OUTCOME, "digitalocean: creating a droplet gave no id"};
  made.client_token = request.client_token;
  if (made.region.empty()) made.region = request.region;
  emit(made);
}

// By type, for GPU droplets are in no other list; and by tag, for whatever is in none of them.
void DigitalOceanCloud::find(Call& call, const FindQuery& query, const Emit<Instance>& emit) {
  std::set<std::string> found;
  const auto visit = [&](const Json& droplet) {
    const Instance instance = instance_of(droplet);
    if (query.wants(instance.client_token) && found.insert(instance.id).second) emit(instance);
  };
  each(call, kListDroplets, "/v2/droplets?type=gpus", "droplets", visit);
  try {
    each(call, kListTagged, "/v2/droplets?tag_name=" + owner_tag(query.owner), "droplets", visit);
  } catch (const Failure& failure) {
    if (failure.status() != STOKER_E_NOT_FOUND) throw;  // a tag that was never used
  }
}

Instance DigitalOceanCloud::get(Call& call, const InstanceRef& ref) {
  const Json droplet = api_.get(call, kGetDroplet, "/v2/droplets/" + std::string(ref.id)).body["droplet"];
  Instance instance = instance_of(droplet);
  if (instance.id != ref.id) throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(kGetDroplet) + " gave another, or none"};
  return instance;
}

void DigitalOceanCloud::remove(Call& call, const InstanceRef& ref) {
  api_.remove(call, kDeleteDroplet, "/v2/droplets/" + std::string(ref.id));
}

void DigitalOceanCloud::list_resources(Call& call, const FindQuery& query, const Emit<Resource>& emit) {
  each(call, kListKeys, "/v2/account/keys", "ssh_keys", [&](const Json& key) {
    const std::string name = key["name"].text();
    if (query.wants(name)) emit(Resource{STOKER_RESOURCE_SSH_KEY, kKey + key["id"].text(), "", name, name});
  });
  each(call, kListTags, "/v2/tags", "tags", [&](const Json& tag) {
    const std::string name = tag["name"].text(), token = token_of_tag(name);
    if (query.wants(token)) emit(Resource{STOKER_RESOURCE_OTHER, kTag + name, "", name, token});
  });
}

void DigitalOceanCloud::remove_resource(Call& call, const Resource& resource) {
  if (resource.id.starts_with(kKey))
    api_.remove(call, kDeleteKey, "/v2/account/keys/" + resource.id.substr(sizeof kKey - 1));
  else
    api_.remove(call, kDeleteTag, "/v2/tags/" + resource.id.substr(sizeof kTag - 1));
}

}  // namespace stoker::digitalocean
