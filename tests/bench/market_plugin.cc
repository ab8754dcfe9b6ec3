// A cloud whose answer is there at once: so many offers, in no order of their prices, in many regions.
#include <algorithm>
#include <stoker/cpp/plugin.hpp>
#include <stoker/cpp/provider.hpp>

namespace {

using namespace stoker;

class Market final : public Provider {
 public:
  explicit Market(const Config& config) : offers_(config.integer("offers", 0)) {}

  Account validate(Call& call) override {
    Account account;
    call.with_secret("token", [&](std::string_view token) { account.id = account.name = token; });
    return account;
  }
  void list_offers(Call&, const OfferQuery& query, const Emit<Offer>& emit) override {
    constexpr const char* kModels[] = {"NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB", "NVIDIA GeForce RTX 4090",
                                       "L4"};
    for (std::int64_t i = 0; i < offers_; ++i) {
      Offer offer;
      offer.machine = "gpu-machine-" + std::to_string(i);
      offer.region = "region-" + std::to_string(i % 40);
      offer.zone = offer.region + "-a";
      offer.id = offer.machine + "@" + offer.zone;
      offer.gpu_model = kModels[i % std::ssize(kModels)];
      offer.cpu_arch = "x86_64";
      offer.opaque = R"({"version":1,"image":"ami-0123456789abcdef0","subnet":"subnet-0123456789abcdef0"})";
      offer.availability = STOKER_AVAIL_HIGH;
      offer.gpu_count = 1 + static_cast<std::uint32_t>(i % 8);
      offer.vcpus = 26 * offer.gpu_count;
      offer.gpu_mem_bytes = 80'000'000'000;
      offer.mem_bytes = 225'000'000'000;
      offer.disk_bytes = 1'000'000'000'000;
      offer.price.per_hour = {1'000'000 + i * 7'919 % 1'000'003, "USD"};
      if (query.fits(offer)) emit(offer);
    }
  }
  void create(Call&, const CreateRequest&, const Emit<Instance>&) override { none(); }
  void find(Call&, const FindQuery&, const Emit<Instance>&) override {}
  Instance get(Call&, const InstanceRef&) override { none(); }
  void remove(Call&, const InstanceRef&) override {}

 private:
  [[noreturn]] static void none() { throw Failure{STOKER_E_NOT_FOUND, "market: there are no machines"}; }

  std::int64_t offers_;
};

constexpr Descriptor kMarket{.id = "market",
                             .name = "Market",
                             .summary = "answers at once with many offers",
                             .capabilities = STOKER_CAP_USER_DATA};
constexpr ConfigField kSchema[] = {{.key = "token",
                                    .label = "Token",
                                    .kind = STOKER_FIELD_SECRET,
                                    .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL},
                                   {.key = "offers", .label = "Offers", .kind = STOKER_FIELD_INT}};

}  // namespace

STOKER_PLUGIN("market", STOKER_SDK_VERSION, stoker::provider<Market>(kMarket, kSchema))
