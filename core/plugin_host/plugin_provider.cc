#include "core/plugin_host/plugin_provider.h"

#include <utility>

#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/provider_values.h"

namespace stoker::plugin_host {
namespace {

constexpr int64_t kMakeLimit = 5 * kSecond;

// Gathers what a sink receives. The sink never throws through the plugin: what was wrong with an item is thrown by
// take(), after the call.
template <class Item>
class Collector {
 public:
  template <class Foreign, Item (*copy)(const Foreign*)>
  static stoker_status sink(void* user, const Foreign* foreign) noexcept {
    auto& self = *static_cast<Collector*>(user);
    if (!self.breach_.empty()) return STOKER_E_INTERNAL;
    try {
      if (self.items_.size() == kMaxItems) throw Breach("it sent more than " + std::to_string(kMaxItems) + " items");
      self.items_.push_back(copy(foreign));
      return STOKER_OK;
    } catch (const std::exception& error) {
      self.breach_ = error.what();
      return STOKER_E_INTERNAL;
    }
  }

  // Before the status is looked at: a plugin that passes on the sink's refusal is not the one to explain it.
  void check() const {
    if (!breach_.empty()) throw Breach(breach_);
  }
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }
  [[nodiscard]] std::vector<Item> take() { return std::move(items_); }

 private:
  std::vector<Item> items_;
  std::string breach_;
};

constexpr auto offer_sink = &Collector<Offer>::sink<stoker_offer, copy_offer>;
constexpr auto instance_sink = &Collector<Instance>::sink<stoker_instance, copy_instance>;
constexpr auto resource_sink = &Collector<Resource>::sink<stoker_resource, copy_resource>;

void account_sink(void* user, const stoker_account* foreign) noexcept {
  // This sink has no status to answer with.
  (void)Collector<Account>::sink<stoker_account, copy_account>(user, foreign);
}

constexpr size_t kProviderSize = offsetof(stoker_provider, remove) + sizeof(void*);

stoker_provider read_table(const stoker_provider* object) {
  stoker_provider table = copy_struct(object, "the provider table");
  if (table.struct_size < kProviderSize) throw Breach("its provider table is too short");
  if (table.destroy == nullptr || table.validate == nullptr || table.list_offers == nullptr ||
      table.create == nullptr || table.find == nullptr || table.get == nullptr || table.remove == nullptr)
    throw Breach("its provider table leaves a function empty");
  return table;
}

}  // namespace

class PluginProvider::Turn {
 public:
  Turn(PluginProvider& provider, const char* doing, const Wait& wait) : provider_(provider) {
    for (;;) {
      const uint64_t seen = provider.turn_over_.count();
      {
        std::lock_guard lock(provider.turn_mutex_);
        if (!provider.busy_) {
          provider.busy_ = true;
          return;
        }
      }
      provider.host_.clock().check(wait, (provider.facts_.id + ": " + doing).c_str());
      provider.host_.clock().wait(provider.turn_over_, seen, wait);
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    {
      std::lock_guard lock(provider_.turn_mutex_);
      provider_.busy_ = false;
    }
    provider_.turn_over_.notify();
  }

 private:
  PluginProvider& provider_;
};

PluginProvider::PluginProvider(const HostServices& host, const stoker_provider_factory& factory, ProviderFacts facts,
                               const PluginConfig& config, AccountLink link)
    : host_(host), facts_(std::move(facts)), link_(std::move(link)) {
  const std::vector<stoker_field> fields = config.fields();
  call("make", Fault::internal, {{}, host.clock().mono_ms() + kMakeLimit}, [&](stoker_call* c) {
    const stoker_status status = factory.make(c, facts_.id.c_str(), fields.data(), fields.size(), &object_);
    if (status == STOKER_OK) table_ = read_table(object_);
    return status;
  });
  read_extensions();
}

void PluginProvider::read_extensions() {
  if (table_.get_extension == nullptr) return;
  call("get_extension", Fault::internal, {}, [&](stoker_call*) {
    const void* foreign = table_.get_extension(object_, STOKER_EXT_RESOURCES);
    if (foreign == nullptr) return STOKER_OK;
    resources_ = copy_struct(static_cast<const stoker_resources*>(foreign), "the resources table");
    if (resources_.list == nullptr || resources_.remove == nullptr)
      throw Breach("its resources table leaves a function empty");
    facts_.has_resources = true;
    return STOKER_OK;
  });
}

PluginProvider::~PluginProvider() {
  try {
    call("destroy", Fault::internal, {}, [&](stoker_call*) { return table_.destroy(object_), STOKER_OK; });
  } catch (const Error& error) {
    host_.log(STOKER_LOG_ERROR, error.what());
  }
}

void PluginProvider::call(const char* doing, Fault on_breach, const Wait& wait, const Body& body) {
  const Turn turn(*this, doing, wait);
  stoker_call context{host_, doing, wait, std::nullopt, &link_};
  run_call(context, on_breach, body);
}

Account PluginProvider::validate(const Wait& wait) {
  Collector<Account> accounts;
  call("validate", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = table_.validate(object_, c, account_sink, &accounts);
    accounts.check();
    if (status == STOKER_OK && accounts.items().size() != 1) throw Breach("it succeeded without naming one account");
    return status;
  });
  return std::move(accounts.take().front());
}

std::vector<Offer> PluginProvider::list_offers(const OfferQuery& query, const Wait& wait) {
  Collector<Offer> offers;
  const stoker_offer_query lent = lend(query);
  call("list_offers", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = table_.list_offers(object_, c, &lent, offer_sink, &offers);
    offers.check();
    return status;
  });
  return offers.take();
}

std::vector<Instance> PluginProvider::create(const CreateRequest& request, const Wait& wait) {
  // Before the turn: other calls need not wait for the vendor's floor between two creates.
  if (link_.creates && !link_.creates->take(wait)) {
    Error error(Fault::rate_limited, facts_.id + " makes one machine every " +
                                         std::to_string(facts_.min_create_interval_ms / kSecond) +
                                         " s, and others are before this one");
    error.retry_after_ms = facts_.min_create_interval_ms;
    throw error;
  }
  Collector<Instance> made;
  const std::vector<stoker_field> tags = lend_tags(request);
  const stoker_create_request lent = lend(request, tags);
  bool begun = false;
  const Body body = [&](stoker_call* c) {
    begun = true;
    const stoker_status status = table_.create(object_, c, &lent, instance_sink, &made);
    made.check();
    if (status == STOKER_OK && made.items().empty()) throw Breach("it succeeded without naming an instance");
    if (status != STOKER_OK && !made.items().empty())
      throw Breach("it named an instance and failed with status " + std::to_string(status));
    return status;
  };
  try {
    call("create", Fault::unknown_outcome, wait, body);
  } catch (const Error& error) {
    if (begun || error.fault != Fault::deadline) throw;
    throw Error(Fault::unavailable, "other calls of the account took all the time: " + std::string(error.what()));
  }
  return made.take();
}

std::vector<Instance> PluginProvider::find(const std::string& owner, const std::string& client_token,
                                           const Wait& wait) {
  Collector<Instance> found;
  const stoker_find_query lent{sizeof(stoker_find_query), 0, plugin_host::lend(owner), plugin_host::lend(client_token)};
  call("find", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = table_.find(object_, c, &lent, instance_sink, &found);
    found.check();
    return status;
  });
  return found.take();
}

Instance PluginProvider::get(const InstanceRef& ref, const Wait& wait) {
  Collector<Instance> found;
  const stoker_instance_ref lent = lend(ref);
  call("get", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = table_.get(object_, c, &lent, instance_sink, &found);
    found.check();
    if (status == STOKER_OK && found.items().size() != 1) throw Breach("it succeeded without naming one instance");
    if (status == STOKER_OK && found.items().front().id != ref.id) throw Breach("it answered for another instance");
    return status;
  });
  return std::move(found.take().front());
}

void PluginProvider::remove(const InstanceRef& ref, const Wait& wait) {
  const stoker_instance_ref lent = lend(ref);
  call("remove", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = table_.remove(object_, c, &lent);
    return status == STOKER_E_NOT_FOUND ? STOKER_OK : status;
  });
}

std::vector<Resource> PluginProvider::resources(const std::string& owner, const std::string& client_token,
                                                const Wait& wait) {
  Collector<Resource> found;
  const stoker_find_query lent{sizeof(stoker_find_query), 0, plugin_host::lend(owner), plugin_host::lend(client_token)};
  call("list_resources", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = resources_.list(object_, c, &lent, resource_sink, &found);
    found.check();
    return status;
  });
  return found.take();
}

void PluginProvider::remove_resource(const Resource& resource, const Wait& wait) {
  const stoker_resource lent = lend(resource);
  call("remove_resource", Fault::internal, wait, [&](stoker_call* c) {
    const stoker_status status = resources_.remove(object_, c, &lent);
    return status == STOKER_E_NOT_FOUND ? STOKER_OK : status;
  });
}

}  // namespace stoker::plugin_host
