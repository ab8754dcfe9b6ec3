#include "plugins/gcp/gcp_cloud.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <stoker/cpp/paged_list.hpp>
#include <stoker/cpp/percent.hpp>

namespace stoker::gcp {
namespace {

constexpr std::size_t kMaxPages = 500;
constexpr std::int64_t kPricesMs = 600'000, kFollowMs = 30'000;
constexpr std::int64_t kFirstPauseMs = 250, kMaxPauseMs = 2000;

// The permission that a call needs stands in brackets: it is the first thing to know when it is refused.
constexpr char kReadProject[] = "reading the project (compute.projects.get)";
constexpr char kListTypes[] = "listing machine types (compute.machineTypes.list)";
constexpr char kListAccelerators[] = "listing GPUs (compute.acceleratorTypes.list)";
constexpr char kListPrices[] = "listing prices (Cloud Billing API)";
constexpr char kListMachines[] = "listing machines (compute.instances.list)";
constexpr char kGetMachine[] = "looking at a machine (compute.instances.get)";
constexpr char kGetOperation[] = "looking at an operation (compute.zoneOperations.get)";
constexpr char kCreate[] = "creating a machine (compute.instances.create)";
constexpr char kDelete[] = "deleting a machine (compute.instances.delete)";

// name eq "(a2|a3|g2)-.*|n1-standard-(4|8|16|32)"
constexpr char kOurTypes[] = "name%20eq%20%22(a2%7Ca3%7Cg2)-.*%7Cn1-standard-(4%7C8%7C16%7C32)%22";
constexpr char kLabel[] = "labels.stk-install%3D";

constexpr char kSkus[] = "/v1/services/6F81-5844-456A/skus?pageSize=2000";

CloudApi::Authorize by(Access& access) {
  return [&access](Call& call, HttpRequest& request) { access.authorize(call, request); };
}

struct Size {
  std::uint64_t vcpus = 0, mem_mib = 0;

  // As an offer hands it on to create().
  [[nodiscard]] std::string text() const { return "1 " + std::to_string(vcpus) + " " + std::to_string(mem_mib); }
  static Size parse(std::string_view text) {
    Size size;
    if (!text.starts_with("1 ")) return size;
    const char* end = text.data() + text.size();
    const auto vcpus = std::from_chars(text.data() + 2, end, size.vcpus);
    if (vcpus.ptr < end) std::from_chars(vcpus.ptr + 1, end, size.mem_mib);
    return size;
  }
};

Offer offer_of(const MachineType& type, const Size& size, const std::string& zone, const OfferQuery& query) {
  Offer offer;
  offer.machine = offered_name(type);
  offer.zone = zone;
  offer.region = region_of(zone);
  offer.id = offer.machine + "@" + zone;
  offer.gpu_model = type.accelerator;
  offer.gpu_count = static_cast<std::uint32_t>(type.gpus);
  offer.gpu_mem_bytes = gpu_memory(type.accelerator);
  offer.cpu_arch = "x86_64";
  offer.vcpus = static_cast<std::uint32_t>(size.vcpus);
  offer.mem_bytes = size.mem_mib << 20;
  offer.disk_bytes = std::max<std::uint64_t>(query.min_disk_bytes, 100'000'000'000);  // as large as it is asked for
  offer.opaque = size.text();
  return offer;
}

}  // namespace

GcpCloud::GcpCloud(const Config& config)
    : access_(config),
      compute_("gcp", "https://compute.googleapis.com/compute/v1/projects/", by(access_), explain),
      billing_("gcp", "https://cloudbilling.googleapis.com", by(access_), explain),
      network_{config.text("network", "default"), config.text("subnetwork")} {}

template <class Act>
auto GcpCloud::with_token(Act&& act) {
  try {
    return act();
  } catch (const Failure& failure) {
    if (failure.status() != STOKER_E_AUTH || !access_.renew()) throw;
    return act();
  }
}

ApiReply GcpCloud::get_json(Call& call, const std::string& doing, const std::string& path) {
  return with_token([&] { return compute_.get(call, doing, access_.project(call) + path); });
}

void GcpCloud::each(Call& call, const std::string& doing, const std::string& key, const std::string& filter,
                    Zones zones, const Visit& visit) {
  PagedList list(compute_.sentence(doing), kMaxPages);
  std::string page;
  do {
    list.page(page);
    const Json body = get_json(call, doing,
                               "/aggregated/" + key + "?maxResults=500&returnPartialSuccess=true" +
                                   (filter.empty() ? "" : "&filter=" + filter) +
                                   (page.empty() ? "" : "&pageToken=" + percent_encoded(page)))
                          .body;
    if (!body["items"].is_object()) throw list.broken("is none");
    for (const Json& scope : body["items"].values()) {
      const std::string warning = scope["warning"]["code"].text();
      if (zones == Zones::all && !warning.empty() && warning != "NO_RESULTS_ON_PAGE")
        throw list.broken("lacks a zone: " + warning + ": " + scope["warning"]["message"].text());
      for (const Json& item : scope[key].items()) {
        const std::string name = item["name"].text(), zone = last_part(item["zone"].text());
        if (name.empty() || zone.empty() || (key == "instances" && item["id"].text().empty()))
          throw list.broken("has an item without a name or an id");
        list.item(zone + "/" + name);
        visit(item, zone);
      }
    }
    page = body["nextPageToken"].text();
  } while (!page.empty());
}

Account GcpCloud::validate(Call& call) {
  Json project;
  try {
    project = get_json(call, kReadProject, "").body;
  } catch (Failure& failure) {
    if (failure.status() == STOKER_E_NOT_FOUND) failure.status(STOKER_E_INVALID).blame("project");
    throw;
  }
  const std::string name = project["name"].text();
  if (name.empty()) throw Failure{STOKER_E_UNAVAILABLE, compute_.sentence(kReadProject) + " gave none"};
  for (const Json& quota : project["quotas"].items())
    if (quota["metric"].text() == "GPUS_ALL_REGIONS" && quota["limit"].real() == 0.0)
      throw Failure{STOKER_E_QUOTA, "gcp: the project " + name + " may have no GPU: its quota GPUS_ALL_REGIONS is 0"}
          .blame("project")
          .hint("ask for more of it under IAM & Admin, Quotas");
  return {name, name, {}};
}

// Of a price list that can not be had for want of a permission the catalogue takes the place, and says so.
const PriceList& GcpCloud::prices(Call& call) {
  if (call.mono_ms() < prices_until_mono_ms_) return prices_;
  PriceList fresh;
  try {
    PagedList list(billing_.sentence(kListPrices), kMaxPages);
    std::string page;
    do {
      list.page(page);
      const std::string path = kSkus + (page.empty() ? "" : "&pageToken=" + percent_encoded(page));
      const Json body = with_token([&] { return billing_.get(call, kListPrices, path); }).body;
      if (!body["skus"].is_list()) throw list.broken("is none");
      for (const Json& sku : body["skus"].items()) fresh.add(sku);
      page = body["nextPageToken"].text();
    } while (!page.empty());
  } catch (const Failure& failure) {
    const stoker_status status = failure.status();
    if (status != STOKER_E_FORBIDDEN && status != STOKER_E_INVALID && status != STOKER_E_NOT_FOUND) throw;
    call.log(STOKER_LOG_WARNING, failure.message() + "; the prices are estimates from November 2026");
    fresh = {};
  }
  prices_ = std::move(fresh);
  prices_until_mono_ms_ = call.mono_ms() + kPricesMs;
  return prices_;
}

void GcpCloud::list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) {
  std::set<std::string> accelerators;  // "us-central1-a/nvidia-l4"
  each(call, kListAccelerators, "acceleratorTypes", "", Zones::reachable,
       [&](const Json& item, const auto& zone) { accelerators.insert(zone + "/" + item["name"].text()); });
  const PriceList& prices = this->prices(call);
  each(call, kListTypes, "machineTypes", kOurTypes, Zones::reachable, [&](const Json& item, const auto& zone) {
    const Size size{item["guestCpus"].count(), item["memoryMb"].count()};
    for (const MachineType& type : machine_types()) {
      if (item["name"].text() != type.name || (type.spot_only && !query.spot) ||
          !accelerators.contains(zone + "/" + type.accelerator))
        continue;
      Offer offer = offer_of(type, size, zone, query);
      offer.price = prices.of(type, size.vcpus, size.mem_mib, offer.region, query.spot);
      if (query.fits(offer)) emit(offer);
    }
  });
}

void GcpCloud::require_price(Call& call, const CreateRequest& request, const MachineType& type) {
  if (request.max_per_hour.micros == 0) return;
  const Size size = Size::parse(request.offer_opaque);
  const Price now = prices(call).of(type, size.vcpus, size.mem_mib, region_of(request.zone), request.spot);
  request.require_price("gcp", request.machine(), now.per_hour.micros);
}

Json GcpCloud::follow(Call& call, Json operation, const std::string& zone) {
  const std::int64_t until = std::min(call.mono_ms() + kFollowMs, call.deadline_mono_ms() - kFollowMs / 2);
  const std::string path = "/zones/" + zone + "/operations/" + operation["name"].text();
  for (std::int64_t pause = kFirstPauseMs; operation["status"].text() != "DONE";
       pause = std::min(2 * pause, kMaxPauseMs)) {
    if (call.mono_ms() + pause >= until) break;
    call.sleep(std::chrono::milliseconds(pause));
    operation = get_json(call, kGetOperation, path).body;
  }
  return operation;
}

void GcpCloud::create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) {
  const MachineType* type = machine_type(request.machine());
  const Place place{std::string(request.zone), std::string(request.client_token), {}};
  if (type == nullptr || place.zone.empty())
    throw Failure{STOKER_E_INVALID, "gcp: there is no machine " + std::string(request.offer_id)};
  const std::string path = before_create([&] {
    require_price(call, request, *type);
    return access_.project(call) + "/zones/" + place.zone + "/instances?requestId=" + request_id(request.client_token);
  });
  const std::string body = insert_body(request, *type, network_, call.wall_ms());
  Json operation;
  bool taken = false;
  try {
    operation = with_token([&] { return compute_.post(call, kCreate, path, body, Effect::once); }).body;
  } catch (const Failure& failure) {
    taken = failure.status() == STOKER_E_CONFLICT;
    if (!taken) throw;
  }
  if (!taken && (operation["name"].text().empty() || operation["targetId"].text().empty()))
    throw Failure{STOKER_E_UNKNOWN_OUTCOME, compute_.sentence(kCreate) + " gave no operation"};
  emit(made(call, place, operation, *type));
}

// From here on there may be a machine: whatever can not be asked is asked later, by get(). `operation` is absent where
// the name was taken by an earlier create.
Instance GcpCloud::made(Call& call, Place place, Json operation, const MachineType& type) {
  const std::string doing = compute_.sentence(kCreate);
  Instance instance;
  instance.id = operation["targetId"].text();
  instance.state = STOKER_INSTANCE_PENDING;
  try {
    if (operation.exists()) operation = follow(call, operation, place.zone);
  } catch (const Failure& failure) {
    call.log(STOKER_LOG_DEBUG, failure.message());
  }
  const auto trouble = failure_of(operation, doing);
  try {
    const Json vm = get_vm(call, place);
    if (last_part(vm["machineType"].text()) != type.name || last_part(vm["zone"].text()) != place.zone)
      throw Failure{STOKER_E_CONFLICT, doing + ": its name belongs to another machine"};
    instance = instance_of(vm);
  } catch (Failure& failure) {
    const bool absent = failure.status() == STOKER_E_NOT_FOUND;
    if (failure.status() == STOKER_E_CONFLICT) throw;
    if (absent && trouble && operation["status"].text() == "DONE") throw *trouble;
    if (!operation.exists()) throw failure.status(absent ? STOKER_E_UNAVAILABLE : STOKER_E_UNKNOWN_OUTCOME);
  }
  if (trouble) instance.state = STOKER_INSTANCE_FAILED, instance.status_text = trouble->message();
  place.operation = operation["name"].text();
  instance.name = instance.client_token = place.name;
  instance.zone = place.zone;
  instance.region = region_of(place.zone);
  instance.opaque = place.text();
  return instance;
}

void GcpCloud::find(Call& call, const FindQuery& query, const Emit<Instance>& emit) {
  each(call, kListMachines, "instances", kLabel + std::string(query.owner), Zones::all,
       [&](const Json& vm, const std::string&) {
         const Instance instance = instance_of(vm);
         if (query.wants(instance.client_token)) emit(instance);
       });
}

// Of a machine whose place nobody kept, the list tells it.
Place GcpCloud::place_of(Call& call, const InstanceRef& ref) {
  Place place = Place::parse(ref.opaque);
  if (!place.zone.empty() && !place.name.empty()) return place;
  each(call, kListMachines, "instances", "id%3D" + percent_encoded(ref.id), Zones::all,
       [&](const Json& vm, const std::string& zone) {
         if (vm["id"].text() == ref.id) place = {zone, vm["name"].text(), {}};
       });
  if (place.name.empty()) throw Failure{STOKER_E_NOT_FOUND, "gcp: no zone has the machine " + std::string(ref.id)};
  return place;
}

Json GcpCloud::get_vm(Call& call, const Place& place) {
  const Json vm = get_json(call, kGetMachine, "/zones/" + place.zone + "/instances/" + place.name).body;
  if (vm["name"].text() != place.name || vm["id"].text().empty())
    throw Failure{STOKER_E_UNAVAILABLE, compute_.sentence(kGetMachine) + " gave another, or none"};
  return vm;
}

Instance GcpCloud::get(Call& call, const InstanceRef& ref) {
  const Place place = place_of(call, ref);
  Instance instance;
  std::optional<Failure> absent;
  try {
    instance = instance_of(get_vm(call, place));
    if (instance.id != ref.id)
      absent = Failure{STOKER_E_NOT_FOUND, "gcp: the name of " + std::string(ref.id) + " belongs to another machine"};
  } catch (const Failure& failure) {
    if (failure.status() != STOKER_E_NOT_FOUND) throw;
    absent = failure;
  }
  std::optional<Failure> trouble;
  if (!place.operation.empty() && (absent || instance.state == STOKER_INSTANCE_PENDING)) {
    try {
      const std::string path = "/zones/" + place.zone + "/operations/" + place.operation;
      trouble = failure_of(get_json(call, kGetOperation, path).body, compute_.sentence(kCreate));
    } catch (const Failure& failure) {  // it is kept for a while only
      if (failure.status() != STOKER_E_NOT_FOUND) throw;
    }
  }
  if (absent && !trouble) throw *absent;
  if (trouble) {
    instance.id = ref.id;
    instance.state = absent ? STOKER_INSTANCE_GONE : STOKER_INSTANCE_FAILED;
    instance.status_text = trouble->message();
  }
  instance.name = place.name;
  if (instance.client_token.empty()) instance.client_token = place.name;
  instance.zone = place.zone;
  instance.region = region_of(place.zone);
  instance.opaque = place.text();
  return instance;
}

void GcpCloud::remove(Call& call, const InstanceRef& ref) {
  const Place place = place_of(call, ref);
  with_token([&] {
    return compute_.remove(call, kDelete, access_.project(call) + "/zones/" + place.zone + "/instances/" + place.name);
  });
}

}  // namespace stoker::gcp
