#include "plugins/vast/vast_cloud.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/paged_list.hpp>
#include <stoker/cpp/percent.hpp>

#include "plugins/vast/contract.h"
#include "plugins/vast/refusal.h"

namespace stoker::vast {
namespace {

constexpr int kMaxPages = 2000, kPageSize = 25;
// A search gives no more rows than about this, and may be made 10 times a minute.
constexpr std::size_t kRowsOfSearch = 64;
constexpr int kMaxSearches = 3, kMaxAttaches = 4;
constexpr std::chrono::seconds kUnseen{5};
constexpr char kInstance[] = "/v0/instances/";

// The permission that a call needs stands in brackets: it is the first thing to know when it is refused.
constexpr char kReadUser[] = "reading the account (user_read)";
constexpr char kSearch[] = "listing offers (misc)";
constexpr char kRent[] = "renting (instance_write)";
constexpr char kList[] = "listing instances (instance_read)";
constexpr char kGet[] = "looking at an instance (instance_read)";
constexpr char kDelete[] = "deleting an instance (instance_write)";
constexpr char kAttach[] = "attaching the SSH key (instance_write)";

Trust trust_of(const Config& config) {
  const Trust trust{config.real("min_reliability", 0.97), config.boolean("datacenter_only", false)};
  if (!(trust.min_reliability >= 0 && trust.min_reliability <= 1))
    throw Failure{STOKER_E_INVALID, "min_reliability is not from 0 to 1"}.blame("min_reliability");
  return trust;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 19 && std::all_of(text.begin(), text.end(), detail::is_digit);
}

}  // namespace

VastCloud::VastCloud(const Config& config)
    : trust_(trust_of(config)),
      api_("vast", "https://console.vast.ai/api", "api_key",
           [this](const ApiReply& reply, const std::string& doing) { return explain(reply, doing); }) {}

std::optional<Failure> VastCloud::explain(const ApiReply& reply, const std::string& doing) {
  contract_ = reply.body["new_contract"].text();
  return refusal(reply, doing);
}

Json VastCloud::sure(const ApiReply& reply, const char* doing, stoker_status otherwise) {
  if (reply.body["success"].boolean(true)) return reply.body;
  const std::string sentence = api_.sentence(doing);
  throw explain(reply, sentence).value_or(Failure{otherwise, sentence + " was refused without a reason"});
}

std::vector<Json> VastCloud::search(Call& call, std::string body) {
  const ApiReply reply = api_.post(call, kSearch, "/v0/bundles/", std::move(body), Effect::repeatable);
  const Json offers = sure(reply, kSearch, STOKER_E_UNAVAILABLE)["offers"];
  if (!offers.is_list()) throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(kSearch) + " gave no list"};
  return offers.items();
}

Account VastCloud::validate(Call& call) {
  const Json user = sure(api_.get(call, kReadUser, "/v0/users/current/"), kReadUser, STOKER_E_UNAVAILABLE);
  Account account{user["id"].text(), "", {}};
  if (account.id.empty()) throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(kReadUser) + " gave none"};
  const auto credit = user["credit"].real();
  if (credit && std::abs(*credit) < 1e9) account.balance = {static_cast<std::int64_t>(*credit * 1e6), "USD"};
  // Better now than when an instance is to be deleted.
  each(call, [](const Json&) {});
  (void)search(call, search_body_of("0", kLeastDiskGb));
  probe_permission([&] { remove(call, {"9007199254740991", "", ""}); });
  return account;
}

// Cheapest first. A search that gives as many rows as it can is asked again from the last price on.
void VastCloud::list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) {
  std::set<std::string> seen;
  double floor = 0;
  for (int i = 0; i < kMaxSearches; ++i) {
    const std::vector<Json> rows = search(call, search_body(query, trust_, floor));
    bool is_new = false;
    for (const Json& row : rows) {
      const auto offer = offer_of(row, trust_, disk_gb(query.min_disk_bytes));
      floor = std::max(floor, row["dph_total"].real().value_or(0));
      if (!offer || !seen.insert(offer->id).second) continue;
      is_new = true;
      if (query.fits(*offer)) emit(*offer);
    }
    if (!is_new || rows.size() < kRowsOfSearch) return;
  }
}

// Other people rent as well.
void VastCloud::require_ask(Call& call, const CreateRequest& request) {
  if (!is_number(request.offer_id)) throw Failure{STOKER_E_INVALID, "vast: the id of the offer is no number"};
  const std::int64_t disk = disk_gb(request.disk_bytes);
  for (const Json& row : search(call, search_body_of(request.offer_id, disk))) {
    const auto offer = offer_of(row, trust_, disk);
    if (!offer || offer->id != request.offer_id) continue;
    request.require_price("vast", offer->machine, offer->price.per_hour.micros);
    const double end_ms = row["end_date"].real().value_or(0) * 1000;
    if (end_ms > 0 && end_ms < static_cast<double>(request.deadline_ms))
      throw Failure{STOKER_E_NO_CAPACITY, "vast: " + offer->machine + " is withdrawn before the job would end"};
    return;
  }
  throw Failure{STOKER_E_NO_CAPACITY, "vast: the offer is gone"};
}

// The start script has placed it already, but what it placed may be overwritten later. An instance is not seen at once,
// and one that an answer names wrongly is not touched.
void VastCloud::attach_key(Call& call, const CreateRequest& request, const std::string& id) {
  JsonWriter json;
  json.begin_object().member("ssh_key", request.first_public_key()).end_object();
  for (int tries = 1; tries <= kMaxAttaches; ++tries) {
    try {
      if (tries > 1) call.sleep(kUnseen);
      if (get(call, {id, "", ""}).client_token != request.client_token) return;
      const ApiReply reply = api_.post(call, kAttach, kInstance + id + "/ssh/", json.str(), Effect::repeatable);
      (void)sure(reply, kAttach, STOKER_E_UNAVAILABLE);
      return;
    } catch (const Failure& failure) {
      if (failure.status() == STOKER_E_NOT_FOUND && tries < kMaxAttaches) continue;
      return call.log(STOKER_LOG_WARNING, failure.message());
    }
  }
}

void VastCloud::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  const std::string body = before_create([&] {
    require_ask(call, request);
    return contract_body(request);
  });
  Instance made;
  contract_.clear();
  try {
    const std::string path = "/v0/asks/" + std::string(request.offer_id) + "/";
    const ApiReply reply = api_.put(call, kRent, path, body, Effect::once);
    made.id = sure(reply, kRent, STOKER_E_UNKNOWN_OUTCOME)["new_contract"].text();
  } catch (Failure& failure) {
    if (contract_.empty() && failure.status() == STOKER_E_NOT_FOUND) failure.status(STOKER_E_NO_CAPACITY);
    if (contract_.empty()) throw;
    call.log(STOKER_LOG_WARNING, failure.message() + ", and made instance " + contract_ + " all the same");
    made.id = contract_;
  }
  if (made.id.empty()) throw Failure{STOKER_E_UNKNOWN_OUTCOME, api_.sentence(kRent) + " gave no id"};
  made.state = STOKER_INSTANCE_PENDING;
  made.client_token = made.name = request.client_token;
  made.region = request.region;
  emit(made);
  attach_key(call, request, made.id);
}

void VastCloud::each(Call& call, const std::function<void(const Json&)>& visit) {
  PagedList list(api_.sentence(kList), kMaxPages);
  const std::string first = "/v1/instances/?limit=" + std::to_string(kPageSize);
  std::string token;
  do {
    list.page(token);
    const std::string path = token.empty() ? first : first + "&after_token=" + percent_encoded(token);
    const Json body = sure(api_.get(call, kList, path), kList, STOKER_E_UNAVAILABLE);
    if (!body["instances"].is_list()) throw list.broken("is none");
    for (const Json& contract : body["instances"].items()) {
      const std::string id = contract["id"].text();
      if (id.empty()) throw list.broken("has an item without an id");
      list.item(id);
      visit(contract);
    }
    token = body["next_token"].text();
    if (token.empty() && body["total_instances"].count() > list.items()) throw list.broken("is not whole");
  } while (!token.empty());
}

void VastCloud::find(Call& call, const FindQuery& query, const Emit<Instance>& emit) {
  each(call, [&](const Json& contract) {
    const Instance instance = instance_of(contract);
    if (query.wants(instance.client_token)) emit(instance);
  });
}

Instance VastCloud::get(Call& call, const InstanceRef& ref) {
  const ApiReply reply = api_.get(call, kGet, kInstance + std::string(ref.id) + "/");
  const Json contract = sure(reply, kGet, STOKER_E_UNAVAILABLE)["instances"];
  if (contract.is_null()) throw Failure{STOKER_E_NOT_FOUND, api_.sentence(kGet) + ": there is none"};
  Instance instance = instance_of(contract);
  if (instance.id != ref.id) throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(kGet) + " gave another, or none"};
  return instance;
}

void VastCloud::remove(Call& call, const InstanceRef& ref) {
  const ApiReply reply = api_.remove(call, kDelete, kInstance + std::string(ref.id) + "/");
  (void)sure(reply, kDelete, STOKER_E_UNAVAILABLE);
}

}  // namespace stoker::vast
