// A provider of one machine that is always there.
#include <stoker/cpp/plugin.hpp>

class Fixed final : public stoker::Provider {
 public:
  explicit Fixed(const stoker::Config& config) : host_(config.required("host")) {}

  stoker::Account validate(stoker::Call&) override { return {.id = host_, .name = {}}; }
  void list_offers(stoker::Call&, const stoker::OfferQuery&, const stoker::Emit<stoker::Offer>& emit) override {
    emit({.id = "fixed", .machine = host_});
  }
  void create(stoker::Call&, const stoker::CreateRequest&, const stoker::Emit<stoker::Instance>& emit) override {
    emit(machine());
  }
  void find(stoker::Call&, const stoker::FindQuery&, const stoker::Emit<stoker::Instance>& emit) override {
    emit(machine());
  }
  stoker::Instance get(stoker::Call&, const stoker::InstanceRef& ref) override {
    if (ref.id != "fixed") throw stoker::Failure{STOKER_E_NOT_FOUND, "no such machine"};
    return machine();
  }
  void remove(stoker::Call&, const stoker::InstanceRef&) override {}

 private:
  stoker::Instance machine() const { return {.state = STOKER_INSTANCE_RUNNING, .id = "fixed", .ssh_host = host_}; }
  std::string host_;
};

constexpr stoker::Descriptor kFixed{.id = "com.example.fixed", .name = "Fixed"};
constexpr stoker::ConfigField kSchema[] = {{.key = "host", .label = "Host", .flags = STOKER_FIELD_REQUIRED}};

STOKER_PLUGIN("com.example.fixed", "1.0.0", stoker::provider<Fixed>(kFixed, kSchema))
