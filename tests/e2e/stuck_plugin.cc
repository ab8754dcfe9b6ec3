// A plugin as none may be: a question for offers never returns.
#include <chrono>
#include <stoker/cpp/plugin.hpp>
#include <stoker/cpp/provider.hpp>
#include <thread>

namespace {

using namespace stoker;

class Stuck final : public Provider {
 public:
  explicit Stuck(const Config&) {}
  Account validate(Call&) override { return {}; }
  void list_offers(Call&, const OfferQuery&, const Emit<Offer>&) override {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
  void create(Call&, const CreateRequest&, const Emit<Instance>&) override { none(); }
  void find(Call&, const FindQuery&, const Emit<Instance>&) override {}
  Instance get(Call&, const InstanceRef&) override { none(); }
  void remove(Call&, const InstanceRef&) override {}

 private:
  [[noreturn]] static void none() { throw Failure{STOKER_E_NOT_FOUND, "stuck: there are no machines"}; }
};

constexpr Descriptor kStuck{
    .id = "stuck",
    .name = "Stuck",
    .summary = "never tells its offers",
    .capabilities = STOKER_CAP_USER_DATA,
};
constexpr std::array<ConfigField, 0> kSchema{};

}  // namespace

STOKER_PLUGIN("stuck", STOKER_SDK_VERSION, stoker::provider<Stuck>(kStuck, kSchema))
