// The machines of one cloud, for Stoker. Put what holds for your cloud where this speaks of Acme, and describe its API
// in fixtures/cloud.yaml: `ctest` then says what is still wrong, and why it matters.
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/plugin.hpp>

namespace {

using namespace stoker;

constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;
constexpr std::int64_t kMicrosPerCent = 10'000;

// What the cloud's own error codes mean to the agent; without one, the HTTP status tells.
std::optional<Failure> explain(const ApiReply& reply, const std::string& doing) {
  const std::string code = reply.body["error"]["code"].text();
  if (code == "sold_out") return Failure{STOKER_E_NO_CAPACITY, doing + ": none is left"}.code(code);
  if (reply.status != 401) return std::nullopt;
  return Failure{STOKER_E_AUTH, doing + ": the token is refused"}.code(code).blame("token").hint("make a new token");
}

Price price_of(const Json& from) {
  Price price;
  price.per_hour = {from["cents_per_hour"].integer() * kMicrosPerCent, "USD"};
  price.granularity_s = 60;  // billed by the minute
  return price;
}

Offer offer_of(const Json& type) {
  Offer offer;
  offer.machine = type["id"].text();
  offer.gpu_model = type["gpu"].text();
  offer.gpu_count = static_cast<std::uint32_t>(type["gpus"].count());
  offer.gpu_mem_bytes = type["gpu_memory_gb"].count() * kGibi;
  offer.cpu_arch = "x86_64";
  offer.vcpus = static_cast<std::uint32_t>(type["vcpus"].count());
  offer.mem_bytes = type["memory_gb"].count() * kGibi;
  offer.disk_bytes = type["disk_gb"].count() * kGibi;
  offer.price = price_of(type);
  return offer;
}

std::vector<std::string> regions_of(const Json& type) {
  std::vector<std::string> regions;
  for (const Json& region : type["regions"].items()) regions.push_back(region.text());
  return regions;
}

// A state that is new must not be taken for one that costs nothing.
std::int32_t state_of(const std::string& state) {
  if (state == "starting") return STOKER_INSTANCE_PENDING;
  if (state == "running") return STOKER_INSTANCE_RUNNING;
  if (state == "deleting") return STOKER_INSTANCE_DELETING;
  return STOKER_INSTANCE_UNKNOWN;
}

Instance instance_of(const Json& machine) {
  Instance instance;
  instance.id = machine["id"].text();
  instance.client_token = instance.name = machine["name"].text();
  instance.region = machine["region"].text();
  instance.status_text = machine["state"].text();
  instance.state = state_of(instance.status_text);
  instance.ssh_host = machine["ip"].text();
  instance.ssh_user = "root";
  instance.price = price_of(machine);
  return instance;
}

class Acme final : public Provider {
 public:
  explicit Acme(const Config&) : api_("acme", "https://api.acme.example/v1", "token", explain) {}

  Account validate(Call& call) override {
    const Json account = api_.get(call, "asking for the account", "/account").body;
    return {account["id"].text(), account["name"].text(), {}};
  }

  void list_offers(Call& call, const OfferQuery& query, const Emit<Offer>& emit) override {
    for (const Json& type : all(call, "listing machine types", "/types"))
      emit_in_regions(offer_of(type), regions_of(type), query, emit);
  }

  // The machine is named after the client token, so that find() knows it again when this answer is lost.
  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override {
    before_create([&] { require_price(call, request); });
    JsonWriter body;
    body.begin_object().member("name", request.client_token).member("type", request.machine());
    body.member("region", request.region).member("ssh_key", request.ssh_public_key);
    body.member("user_data", request.user_data).end_object();
    const Json made = api_.post(call, "creating a machine", "/machines", body.str(), Effect::once).body;
    if (made["id"].text().empty()) throw Failure{STOKER_E_UNKNOWN_OUTCOME, "acme: creating a machine gave no id"};
    emit(instance_of(made));
  }

  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override {
    for (const Json& machine : all(call, "listing machines", "/machines"))
      if (query.wants(machine["name"].text())) emit(instance_of(machine));
  }

  Instance get(Call& call, const InstanceRef& ref) override {
    const Json machine = api_.get(call, "looking at a machine", "/machines/" + std::string(ref.id)).body;
    if (machine["id"].text() != ref.id) throw Failure{STOKER_E_UNAVAILABLE, "acme: looking at a machine gave another"};
    return instance_of(machine);
  }

  void remove(Call& call, const InstanceRef& ref) override {
    api_.remove(call, "removing a machine", "/machines/" + std::string(ref.id));
  }

 private:
  // All pages: what is not listed is lost.
  std::vector<Json> all(Call& call, const char* doing, const std::string& path) const {
    std::vector<Json> items;
    for (std::int64_t page = 1; page != 0;) {
      const Json body = api_.get(call, doing, path + "?page=" + std::to_string(page)).body;
      if (!body["items"].is_list()) throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(doing) + " gave no list"};
      for (const Json& item : body["items"].items()) {
        if (item["id"].text().empty())
          throw Failure{STOKER_E_UNAVAILABLE, api_.sentence(doing) + " gave one without an id"};
        items.push_back(item);
      }
      page = body["next_page"].integer();
    }
    return items;
  }

  // Prices change between the offer and the machine.
  void require_price(Call& call, const CreateRequest& request) const {
    for (const Json& type : all(call, "looking at the price", "/types"))
      if (type["id"].text() == request.machine())
        request.require_price("acme", request.machine(), price_of(type).per_hour.micros);
  }

  CloudApi api_;
};

constexpr const char* kHosts[] = {"api.acme.example", nullptr};
constexpr Descriptor kDescriptor{.id = "acme",
                                 .name = "Acme",
                                 .summary = "GPU machines of Acme's cloud",
                                 .capabilities = STOKER_CAP_USER_DATA,
                                 .power_off = STOKER_POWER_OFF_KEEPS_BILLING,
                                 .allowed_hosts = kHosts};
constexpr ConfigField kSchema[] = {{.key = "token",
                                    .label = "API token",
                                    .kind = STOKER_FIELD_SECRET,
                                    .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
                                    .help = "from the dashboard, under API"}};

}  // namespace

STOKER_PLUGIN("acme", "0.1.0", stoker::provider<Acme>(kDescriptor, kSchema))
