// A provider that is right but for the one fault its build names, and wholly right where it names none.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/plugin.hpp>
#include <thread>

namespace {

using namespace stoker;

constexpr std::string_view kFault = STOKER_FAULT;
constexpr bool is(std::string_view fault) { return kFault == fault; }

// What a fault of the process does in every validate().
void misbehave() {
  if constexpr (is("prints")) std::puts("hello");
  if constexpr (is("changes-the-locale")) std::setlocale(LC_ALL, "C.UTF-8");
  if constexpr (is("changes-the-folder")) (void)!::chdir("/");
  if constexpr (is("leaks-a-descriptor")) (void)!::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if constexpr (is("forks"))
    if (::fork() == 0) ::pause();
  if constexpr (is("starts-a-thread")) std::thread([] { ::pause(); }).detach();
  if constexpr (is("handles-a-signal")) ::signal(SIGPIPE, SIG_IGN);
  if constexpr (is("sets-a-variable")) ::setenv("ACME", "1", 1);
  if constexpr (is("crashes")) ::raise(SIGSEGV);
  if constexpr (is("hangs")) ::pause();
  if constexpr (is("exits")) ::exit(0);
}

std::optional<Failure> explain(const ApiReply& reply, const std::string& doing) {
  const std::string code = reply.body["error"]["code"].text();
  if (code == "sold_out") return Failure{STOKER_E_NO_CAPACITY, doing + ": it is sold out"}.code(code);
  if (reply.status != 401) return std::nullopt;
  if constexpr (is("hides-a-bad-token")) return Failure{STOKER_E_UNAVAILABLE, doing + ": try later"};
  Failure failure{STOKER_E_AUTH, doing + ": the token is refused"};
  if constexpr (is("blames-nothing")) return failure;
  return failure.blame("token").hint("make a new one");
}

Price price_of(const Json& from) {
  Price price;
  if constexpr (is("names-no-currency")) return price;
  price.per_hour = {from["cents_per_hour"].integer() * 10'000, "USD"};
  price.granularity_s = 60;
  return price;
}

std::int32_t state_of(const std::string& state) {
  if (state == "starting") return STOKER_INSTANCE_PENDING;
  if (state == "running") return STOKER_INSTANCE_RUNNING;
  return is("trusts-an-unknown-state") ? STOKER_INSTANCE_RUNNING : STOKER_INSTANCE_UNKNOWN;
}

Instance instance_of(const Json& from) {
  Instance instance;
  instance.id = from["id"].text();
  instance.client_token = from["tag"].text();
  instance.name = from["name"].text();
  instance.region = from["region"].text();
  instance.status_text = from["state"].text();
  instance.state = state_of(instance.status_text);
  instance.ssh_host = from["ip"].text();
  instance.ssh_user = "root";
  instance.price = price_of(from);
  return instance;
}

class Acme : public Provider {
 public:
  explicit Acme(const Config& config)
      : region_(config.required("region")), api_("acme", "https://api.acme.example/v1", "token", explain) {
    if constexpr (is("leaks-memory")) leaked = new char[4096];
  }

  Account validate(Call& call) override {
    misbehave();
    if constexpr (is("leaks-the-secret"))
      call.with_secret("token", [&](std::string_view token) { call.log(STOKER_LOG_INFO, token); });
    if constexpr (is("calls-another-host")) (void)call.http().get("https://telemetry.example/ping").send();
    if constexpr (is("keeps-the-call")) {
      if (kept_call != nullptr) detail::host->log(detail::host, kept_call, STOKER_LOG_INFO, str("late"), nullptr, 0);
      kept_call = call.c();
    }
    if constexpr (is("logs-at-level-nine")) call.log(9, "loud");
    const Json account = api_.get(call, "asking for the account", "/account").body;
    return {.id = account["id"].text(), .name = account["name"].text()};
  }

  void list_offers(Call& call, const OfferQuery&, const Emit<Offer>& emit) override {
    for (const Json& type : types(call)) {
      Offer offer;
      offer.id = offer.machine = type["id"].text();
      offer.region = type["region"].text();
      offer.gpu_model = type["gpu"].text();
      offer.gpu_count = static_cast<std::uint32_t>(type["gpus"].count());
      offer.cpu_arch = "x86_64";
      offer.availability = type["available"].boolean(false) ? STOKER_AVAIL_HIGH : STOKER_AVAIL_NONE;
      offer.price = price_of(type);
      emit(offer);
    }
  }

  void create(Call& call, const CreateRequest& request, const Emit<Instance>& emit) override {
    if constexpr (is("keeps-a-pointer")) {
      if (kept.data() != nullptr) call.log(STOKER_LOG_DEBUG, std::string(kept));
      kept = request.name;
    }
    if (!is("creates-twice")) {
      const auto there =
          before_create([&] { return all(call, "looking for it", tagged(request.client_token), "machines"); });
      if (!there.empty() && !is("takes-any-for-the-same") && there.front()["type"].text() != request.offer_id)
        throw Failure{STOKER_E_CONFLICT, "acme: creating a machine: another one has that token"};
      if (!there.empty()) return emit(instance_of(there.front()));
    }
    if constexpr (is("leaves-a-key"))
      before_create([&] { api_.post(call, "registering a key", "/keys", "{}", Effect::repeatable); });
    if (!is("ignores-the-price") && dearer(call, request))
      throw Failure{STOKER_E_NO_CAPACITY, "acme: creating a machine: it is dearer than allowed"};
    JsonWriter body;
    body.begin_object().member("name", request.name).member("type", request.offer_id).member("region", request.region);
    body.member("tag", is("forgets-the-token") ? std::string_view() : request.client_token)
        .member("owner", request.owner)
        .end_object();
    const auto effect = is("repeats-a-lost-create") ? Effect::repeatable : Effect::once;
    emit(instance_of(api_.post(call, "creating a machine", "/machines", body.str(), effect).body));
  }

  void find(Call& call, const FindQuery& query, const Emit<Instance>& emit) override {
    for (const Json& one : all(call, "listing machines", tagged(query.client_token), "machines"))
      if (is("finds-those-of-others") || one["owner"].text() == query.owner) emit(instance_of(one));
  }

  Instance get(Call& call, const InstanceRef& ref) override {
    if (is("mixes-up-machines") && ref.id != "4711")
      return instance_of(api_.get(call, "looking at a machine", "/machines/" + std::string(ref.opaque)).body);
    if constexpr (is("ignores-cancel"))
      for (int i = 0; i < 100; ++i) (void)detail::host->sleep_ms(call.c(), 10);
    try {
      return instance_of(api_.get(call, "looking at a machine", "/machines/" + std::string(ref.id)).body);
    } catch (const Failure&) {
      if constexpr (is("takes-any-failure-for-gone")) throw Failure{STOKER_E_NOT_FOUND, "acme: it is gone"};
      throw;
    }
  }

  void remove(Call& call, const InstanceRef& ref) override {
    try {
      api_.remove(call, "removing a machine", "/machines/" + std::string(ref.id));
    } catch (const Failure& failure) {
      if constexpr (is("fails-to-remove-twice")) throw Failure{STOKER_E_FORBIDDEN, failure.message()};
      if (failure.status() != STOKER_E_NOT_FOUND) throw;
    }
  }

 private:
  static std::string tagged(std::string_view tag) {
    return tag.empty() ? "/machines?" : "/machines?tag=" + std::string(tag) + "&";
  }

  std::vector<Json> all(Call& call, const char* doing, const std::string& path, const char* key) {
    std::vector<Json> items;
    for (std::int64_t page = 1; page != 0;) {
      Json body;
      try {
        body = api_.get(call, doing, path + "page=" + std::to_string(page)).body;
      } catch (const Failure&) {
        if (is("cuts-a-broken-list") && page > 1) return items;
        throw;
      }
      if (!body[key].is_list()) throw Failure{STOKER_E_UNAVAILABLE, std::string("acme: ") + doing + " gave no list"};
      for (const Json& one : body[key].items()) items.push_back(one);
      page = is("loses-the-second-page") ? 0 : body["next_page"].integer();
    }
    return items;
  }

  std::vector<Json> types(Call& call) {
    try {
      return all(call, "listing types", "/types?", "types");
    } catch (const Failure& failure) {
      if constexpr (is("forgets-to-wait")) throw Failure{failure.status(), failure.message()};
      throw;
    }
  }

  bool dearer(Call& call, const CreateRequest& request) {
    if (request.max_per_hour.micros == 0) return false;
    for (const Json& type : before_create([&] { return all(call, "looking at the price", "/types?", "types"); }))
      if (type["id"].text() == request.offer_id) return price_of(type).per_hour.micros > request.max_per_hour.micros;
    return true;
  }

  inline static std::string_view kept;
  inline static stoker_call* kept_call = nullptr;
  inline static char* leaked = nullptr;
  std::string region_;
  CloudApi api_;
};

constexpr const char* kHosts[] = {"api.acme.example", nullptr};
constexpr Descriptor kDescriptor{.id = STOKER_FAULT,
                                 .name = "Acme",
                                 .summary = "machines that are not there",
                                 .capabilities = STOKER_CAP_USER_DATA | STOKER_CAP_NATIVE_IDEMPOTENCY,
                                 .power_off = STOKER_POWER_OFF_KEEPS_BILLING,
                                 .allowed_hosts = kHosts};
constexpr ConfigField kSchema[] = {
    {.key = "token",
     .label = "Token",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_REQUIRED | (is("shows-its-secret") ? 0 : static_cast<int>(STOKER_FIELD_SENSITIVE))},
    {.key = "region", .label = "Region", .flags = STOKER_FIELD_REQUIRED}};

}  // namespace

#ifdef STOKER_FAULT_IN_C
// Faults below the C++ layer: its table with one function replaced.
namespace {

constexpr auto offered = detail::offer(provider<Acme>(kDescriptor, kSchema));
constexpr stoker_plugin kRight = detail::Library<offered>::identity(STOKER_FAULT, "1.0.0");
stoker_provider_factory factory;
const stoker_provider_factory* right_factory = nullptr;

stoker_status validate(stoker_provider*, stoker_call*, void (*sink)(void*, const stoker_account*), void* user) {
  if constexpr (is("throws")) throw std::runtime_error("boom");
  if constexpr (is("throws-a-number")) throw 42;
  if constexpr (is("returns-an-unknown-status")) return 99;
  auto account = sized<stoker_account>();  // fills-what-is-reserved
  account.reserved = 1;
  sink(user, &account);
  return STOKER_OK;
}

stoker_status list_offers(stoker_provider*, stoker_call*, const stoker_offer_query*, stoker_offer_sink sink,
                          void* user) {
  constexpr std::size_t kSize = std::size_t{1} << 30;  // sends-a-gigabyte; of pages that nobody has to write
  void* gigabyte = ::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  stoker_offer offer{};
  offer.struct_size = sizeof offer;
  offer.id = {static_cast<const char*>(gigabyte), kSize};
  const stoker_status status = sink(user, &offer);
  ::munmap(gigabyte, kSize);
  return status;
}

stoker_status make(stoker_call* call, const char* id, const stoker_field* config, size_t n, stoker_provider** out) {
  const stoker_status status = right_factory->make(call, id, config, n, out);
  if (status != STOKER_OK) return status;
  if constexpr (is("sends-a-gigabyte")) {
    (*out)->list_offers = list_offers;
  } else {
    (*out)->validate = validate;
  }
  return STOKER_OK;
}

stoker_status init(const stoker_host* host, stoker_call* call) {
  if constexpr (is("reads-past-the-host")) {
    const volatile auto* past = reinterpret_cast<const volatile char*>(host) + sizeof(stoker_host);
    (void)*past;
  }
  return kRight.init(host, call);
}

const void* get_factory(const char* id) {
  if (is("answers-to-any-factory") && std::string_view(id).starts_with(STOKER_PROVIDER_FACTORY))
    return kRight.get_factory(STOKER_PROVIDER_FACTORY);
  const auto* known = static_cast<const stoker_provider_factory*>(kRight.get_factory(id));
  if (known == nullptr || is("reads-past-the-host") || is("answers-to-any-factory")) return known;
  right_factory = known;
  factory = *known;
  factory.make = make;
  return &factory;
}

const stoker_plugin kWrong = [] {
  stoker_plugin table = kRight;
  table.init = init;
  table.get_factory = get_factory;
  return table;
}();

}  // namespace

extern "C" STOKER_EXPORT const stoker_plugin* stoker_plugin_entry(void) { return &kWrong; }
#else
STOKER_PLUGIN(STOKER_FAULT, "1.0.0", stoker::provider<Acme>(kDescriptor, kSchema))
#endif

#ifdef STOKER_FAULT_EXPORTS
extern "C" STOKER_EXPORT int acme_helper() { return 1; }
#endif
