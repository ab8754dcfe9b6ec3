#include "sdk/check/loaded_plugin.h"

#include <optional>

#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/identity.h"
#include "core/plugin_host/module_file.h"
#include "core/plugin_host/provider_values.h"
#include "core/plugin_host/raw_event.h"
#include "sdk/check/test.h"

namespace stoker::check {

using plugin_host::Breach;

namespace {

constexpr size_t kMostOffered = 100;

stoker_plugin load(const std::filesystem::path& file) {
  try {
    plugin_host::check_module_file(file, {}, true);
    std::optional<plugin_host::ModuleIdentity> identity;
    return plugin_host::load_plugin(file, identity);
  } catch (const Error& error) {
    throw Failed(std::string("the agent refuses the plugin: ") + error.what() + "; " + error.hint);
  }
}

// A later minor may give a meaning to what is reserved now.
template <class Foreign>
void require_zero(const Foreign& foreign) {
  if constexpr (requires { foreign.reserved; })
    if (foreign.reserved != 0) throw plugin_host::Breach("what is reserved is not zero; zero a struct, then fill it");
}

// The sink of a call: copies and checks each item as the agent does.
template <class Item>
struct Gathered {
  StrictHost& host;
  std::string doing;
  std::vector<Item> items;

  template <class Foreign, Item (*copy)(const Foreign*)>
  static stoker_status sink(void* user, const Foreign* foreign) noexcept {
    auto& self = *static_cast<Gathered*>(user);
    try {
      self.items.push_back(copy(foreign));
      require_zero(*foreign);
      return STOKER_OK;
    } catch (const std::exception& error) {
      self.host.breach(self.doing + ": " + error.what());
      return STOKER_E_INTERNAL;
    }
  }
};

constexpr auto kInstanceSink = &Gathered<plugin_host::Instance>::sink<stoker_instance, plugin_host::copy_instance>;
constexpr auto kOfferSink = &Gathered<plugin_host::Offer>::sink<stoker_offer, plugin_host::copy_offer>;
constexpr auto kResourceSink = &Gathered<plugin_host::Resource>::sink<stoker_resource, plugin_host::copy_resource>;
constexpr auto kEventSink = &Gathered<plugin_host::RawEvent>::sink<stoker_log_event, plugin_host::copy_event>;

void account_sink(void* user, const stoker_account* foreign) noexcept {
  (void)Gathered<plugin_host::Account>::sink<stoker_account, plugin_host::copy_account>(user, foreign);
}

// Texts of `borrowed` onto pages of their own.
void lend_again(Loans& loans, std::initializer_list<stoker_str*> borrowed) {
  for (stoker_str* text : borrowed) *text = loans.text({text->data, text->size});
}

stoker_field* lend_fields(Loans& loans, std::vector<stoker_field> fields) {
  for (stoker_field& field : fields) {
    lend_again(loans, {&field.key});
    if (field.value.type == STOKER_TEXT) lend_again(loans, {&field.value.as.s});
  }
  return loans.array(fields);
}

const stoker_instance_ref* lend_ref(Loans& loans, const plugin_host::InstanceRef& ref) {
  stoker_instance_ref made = plugin_host::lend(ref);
  lend_again(loans, {&made.id, &made.region, &made.opaque});
  return loans.object(made);
}

const stoker_find_query* lend_query(Loans& loans, const std::string& owner, const std::string& token) {
  stoker_find_query query{};
  query.struct_size = sizeof query;
  query.owner = loans.text(owner);
  query.client_token = loans.text(token);
  return loans.object(query);
}

}  // namespace

LoadedPlugin::LoadedPlugin(const std::filesystem::path& file, HostOptions options)
    : host(std::move(options)), table_(load(file)) {
  const CallEnd end = host.call("init", [&](stoker_call* call) { return table_.init(host.table(), call); });
  if (!end.ok()) throw Failed("init ended with " + end.words());
  host.bare_call("get_factory", [&] {
    providers_ = static_cast<const stoker_provider_factory*>(table_.get_factory(STOKER_PROVIDER_FACTORY));
    log_parsers_ = static_cast<const stoker_log_parser_factory*>(table_.get_factory(STOKER_LOG_PARSER_FACTORY));
  });
}

LoadedPlugin::~LoadedPlugin() {
  host.bare_call("deinit", [&] { table_.deinit(); });
}

namespace {

template <class Factory>
std::vector<std::string> ids_of(StrictHost& host, const Factory* factory) {
  std::vector<std::string> ids;
  if (factory == nullptr) return ids;
  host.bare_call("describe", [&] {
    for (size_t i = 0, count = std::min(factory->count(), kMostOffered); i < count; ++i) {
      const auto* descriptor = factory->describe(i);
      if (descriptor == nullptr) throw Failed("describe(" + std::to_string(i) + ") gave null");
      ids.push_back(plugin_host::copy_c_text(descriptor->id, "descriptor id"));
    }
  });
  return ids;
}

}  // namespace

std::vector<std::string> LoadedPlugin::provider_ids() { return ids_of(host, providers_); }
std::vector<std::string> LoadedPlugin::log_parser_ids() { return ids_of(host, log_parsers_); }

const stoker_descriptor& LoadedPlugin::descriptor(const std::string& id) {
  const auto find = [&](const auto* factory) -> const stoker_descriptor* {
    const auto ids = ids_of(host, factory);
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] == id) return factory->describe(i);
    return nullptr;
  };
  const auto* found = find(providers_);
  if (found == nullptr) found = find(log_parsers_);
  if (found == nullptr) throw Failed("the plugin offers no " + id);
  return *found;
}

std::vector<plugin_host::ConfigField> LoadedPlugin::schema(const std::string& id) {
  const auto ids = provider_ids();
  const bool provider = std::find(ids.begin(), ids.end(), id) != ids.end();
  std::vector<plugin_host::ConfigField> fields;
  host.bare_call("config_schema", [&] {
    fields = plugin_host::read_schema(provider ? providers_->config_schema : log_parsers_->config_schema, id);
  });
  return fields;
}

ProviderUnderTest::ProviderUnderTest(LoadedPlugin& plugin, const std::string& id, const plugin_host::Settings& settings)
    : plugin_(plugin) {
  std::optional<plugin_host::PluginConfig> config;
  try {
    config.emplace(id, plugin.schema(id), settings);
  } catch (const Error& error) {
    throw Skipped(std::string(error.what()) + "; give it under `config:` of cloud.yaml");
  }
  Loans loans;
  const auto fields = config->fields();
  const CallEnd end = plugin.host.call("make", [&](stoker_call* call) {
    return plugin.providers()->make(call, loans.c_text(id), lend_fields(loans, fields), fields.size(), &object_);
  });
  if (!end.ok()) throw Failed("make ended with " + end.words());
  if (object_ == nullptr) throw Failed("make ended with STOKER_OK and made nothing");
}

ProviderUnderTest::~ProviderUnderTest() {
  if (object_ != nullptr) plugin_.host.bare_call("destroy", [&] { object_->destroy(object_); });
}

Answer<plugin_host::Account> ProviderUnderTest::validate() {
  Gathered<plugin_host::Account> got{plugin_.host, "validate", {}};
  const CallEnd end = plugin_.host.call(
      "validate", [&](stoker_call* call) { return object_->validate(object_, call, account_sink, &got); });
  return {end, std::move(got.items)};
}

Answer<plugin_host::Offer> ProviderUnderTest::list_offers(const plugin_host::OfferQuery& query) {
  Gathered<plugin_host::Offer> got{plugin_.host, "list_offers", {}};
  Loans loans;
  stoker_offer_query made = plugin_host::lend(query);
  lend_again(loans, {&made.region, &made.gpu_model, &made.cpu_arch});
  const CallEnd end = plugin_.host.call("list_offers", [&](stoker_call* call) {
    return object_->list_offers(object_, call, loans.object(made), kOfferSink, &got);
  });
  return {end, std::move(got.items)};
}

Answer<plugin_host::Instance> ProviderUnderTest::create(const plugin_host::CreateRequest& request) {
  Gathered<plugin_host::Instance> got{plugin_.host, "create", {}};
  Loans loans;
  const auto tags = plugin_host::lend_tags(request);
  stoker_create_request made = plugin_host::lend(request, tags);
  lend_again(loans, {&made.client_token, &made.offer_id, &made.offer_opaque, &made.region, &made.zone, &made.name,
                     &made.image, &made.ssh_public_key, &made.user_data, &made.owner});
  made.tags = lend_fields(loans, tags);
  const CallEnd end = plugin_.host.call("create", [&](stoker_call* call) {
    return object_->create(object_, call, loans.object(made), kInstanceSink, &got);
  });
  return {end, std::move(got.items)};
}

Answer<plugin_host::Instance> ProviderUnderTest::find(const std::string& owner, const std::string& client_token) {
  Gathered<plugin_host::Instance> got{plugin_.host, "find", {}};
  Loans loans;
  const CallEnd end = plugin_.host.call("find", [&](stoker_call* call) {
    return object_->find(object_, call, lend_query(loans, owner, client_token), kInstanceSink, &got);
  });
  return {end, std::move(got.items)};
}

Answer<plugin_host::Instance> ProviderUnderTest::get(const plugin_host::InstanceRef& ref) {
  Gathered<plugin_host::Instance> got{plugin_.host, "get", {}};
  Loans loans;
  const CallEnd end = plugin_.host.call(
      "get", [&](stoker_call* call) { return object_->get(object_, call, lend_ref(loans, ref), kInstanceSink, &got); });
  return {end, std::move(got.items)};
}

CallEnd ProviderUnderTest::remove(const plugin_host::InstanceRef& ref) {
  Loans loans;
  return plugin_.host.call("remove",
                           [&](stoker_call* call) { return object_->remove(object_, call, lend_ref(loans, ref)); });
}

namespace {

const stoker_resources* resources_of(LoadedPlugin& plugin, stoker_provider* object) {
  const void* table = nullptr;
  Loans loans;
  plugin.host.bare_call("get_extension", [&] {
    table =
        object->get_extension == nullptr ? nullptr : object->get_extension(object, loans.c_text(STOKER_EXT_RESOURCES));
  });
  return static_cast<const stoker_resources*>(table);
}

const stoker_resources& need_resources(LoadedPlugin& plugin, stoker_provider* object) {
  const auto* table = resources_of(plugin, object);
  if (table == nullptr) throw Skipped("the provider leaves nothing beside its machines");
  return *table;
}

}  // namespace

bool ProviderUnderTest::has_resources() { return resources_of(plugin_, object_) != nullptr; }

Answer<plugin_host::Resource> ProviderUnderTest::resources(const std::string& owner, const std::string& client_token) {
  const stoker_resources& table = need_resources(plugin_, object_);
  Gathered<plugin_host::Resource> got{plugin_.host, "listing resources", {}};
  Loans loans;
  const CallEnd end = plugin_.host.call("listing resources", [&](stoker_call* call) {
    return table.list(object_, call, lend_query(loans, owner, client_token), kResourceSink, &got);
  });
  return {end, std::move(got.items)};
}

CallEnd ProviderUnderTest::remove_resource(const plugin_host::Resource& resource) {
  const stoker_resources& table = need_resources(plugin_, object_);
  Loans loans;
  stoker_resource made = plugin_host::lend(resource);
  lend_again(loans, {&made.id, &made.region, &made.name, &made.client_token});
  return plugin_.host.call("removing a resource",
                           [&](stoker_call* call) { return table.remove(object_, call, loans.object(made)); });
}

StreamUnderTest::StreamUnderTest(LoadedPlugin& plugin, const std::string& id, uint64_t start_offset,
                                 uint32_t max_line_bytes)
    : plugin_(plugin) {
  Loans loans;
  stoker_stream_info info{};
  info.struct_size = sizeof info;
  info.source = loans.text("stdout");
  info.start_offset = start_offset;
  info.max_line_bytes = max_line_bytes;
  const plugin_host::PluginConfig config(id, plugin.schema(id), {});
  const auto fields = config.fields();
  const CallEnd end = plugin.host.call("open", [&](stoker_call* call) {
    return plugin.log_parsers()->open(call, loans.c_text(id), loans.object(info), lend_fields(loans, fields),
                                      fields.size(), &object_);
  });
  if (!end.ok()) throw Failed("open ended with " + end.words());
  if (object_ == nullptr) throw Failed("open ended with STOKER_OK and made nothing");
}

StreamUnderTest::~StreamUnderTest() {
  if (object_ != nullptr) plugin_.host.bare_call("destroy", [&] { object_->destroy(object_); });
}

void StreamUnderTest::push(std::string_view bytes) {
  Gathered<plugin_host::RawEvent> got{plugin_.host, "push", {}};
  Loans loans;
  stoker_status status = STOKER_OK;
  plugin_.host.bare_call("push", [&] { status = object_->push(object_, loans.bytes(bytes), kEventSink, &got); });
  for (auto& event : got.items) events_.push_back(std::move(event));
  if (status != STOKER_OK) throw Failed("push ended with " + status_name(status) + "; any bytes are legal");
}

void StreamUnderTest::finish(int32_t why) {
  Gathered<plugin_host::RawEvent> got{plugin_.host, "finish", {}};
  stoker_status status = STOKER_OK;
  plugin_.host.bare_call("finish", [&] { status = object_->finish(object_, why, kEventSink, &got); });
  for (auto& event : got.items) events_.push_back(std::move(event));
  if (status != STOKER_OK) throw Failed("finish ended with " + status_name(status));
}

std::pair<int, stoker_status> StreamUnderTest::push_refused(std::string_view bytes) {
  Loans loans;
  int events = 0;
  stoker_status status = STOKER_OK;
  const auto refuse = [](void* user, const stoker_log_event*) -> stoker_status {
    ++*static_cast<int*>(user);
    return STOKER_E_CANCELLED;
  };
  plugin_.host.bare_call("push", [&] { status = object_->push(object_, loans.bytes(bytes), refuse, &events); });
  return {events, status};
}

void require_no_breach(const StrictHost& host) {
  if (host.breaches().empty()) return;
  std::string all;
  for (const auto& one : host.breaches()) all += (all.empty() ? "" : "\n") + one;
  throw Failed(all);
}

}  // namespace stoker::check
