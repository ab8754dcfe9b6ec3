#include <chrono>
#include <fstream>

#include "core/plugin_host/elf_image.h"
#include "core/plugin_host/foreign_value.h"
#include "sdk/check/loaded_plugin.h"
#include "sdk/check/test.h"

namespace stoker::check {
namespace {

constexpr int64_t kScanMs = 100;

void loads(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  if (plugin.providers() == nullptr && plugin.log_parsers() == nullptr)
    throw Failed("it offers neither a provider nor a log parser; get_factory answers to no known id");
  require_no_breach(plugin.host);
}

void exports_only_entry(const Subject& subject) {
  std::ifstream in(subject.plugin, std::ios::binary);
  const auto symbols = plugin_host::elf_exported([&](uint64_t offset, void* out, size_t size) {
    in.clear();
    in.seekg(static_cast<std::streamoff>(offset));
    return static_cast<bool>(in.read(static_cast<char*>(out), static_cast<std::streamsize>(size)));
  });
  std::string others;
  for (const auto& symbol : symbols)
    if (symbol != "stoker_plugin_entry") others += " " + symbol;
  if (!others.empty())
    throw Failed("it exports more than stoker_plugin_entry:" + others.substr(0, 400) +
                 "; build it with stoker_add_plugin, or with -fvisibility=hidden and a version script");
}

void identity_block(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  const stoker_plugin& table = plugin.table();
  if (table.id == nullptr || *table.id == '\0') throw Failed("the identity has no id");
  if (table.version == nullptr || *table.version == '\0') throw Failed("the identity has no version");
  if (table.reserved != 0) throw Failed("what is reserved in the identity is not zero");
  const std::string id = table.id, file = subject.plugin.stem();
  if (id != file)
    throw Failed("the file is called " + file + ".so and the plugin says it is " + id +
                 "; the agent looks for ID.so, so name the file by the id");
}

void scan_under_100_ms(const Subject& subject) {
  const auto begun = std::chrono::steady_clock::now();
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& ids : {plugin.provider_ids(), plugin.log_parser_ids()})
    for (const auto& id : ids) (void)plugin.schema(id);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
  if (took.count() > kScanMs)
    throw Warned("loading and describing took " + std::to_string(took.count()) + " ms of at most 100");
}

void describing_asks_nothing(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& ids : {plugin.provider_ids(), plugin.log_parser_ids()})
    for (const auto& id : ids) {
      const stoker_descriptor& first = plugin.descriptor(id);
      (void)plugin.schema(id);
      if (&first != &plugin.descriptor(id))
        throw Failed("describe gives another descriptor each time; it is static data, valid from init to deinit");
      if (first.struct_size < sizeof first.struct_size || first.name == nullptr || *first.name == '\0')
        throw Failed("the descriptor of " + id + " has no name");
    }
  if (plugin.host.questions() != 0)
    throw Failed("describing asked the host " + std::to_string(plugin.host.questions()) +
                 " times; describe and config_schema are pure");
  require_no_breach(plugin.host);
}

void unknown_factory_null(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  Loans loans;
  for (const char* unknown : {"", "stoker", STOKER_PROVIDER_FACTORY "x", STOKER_LOG_PARSER_FACTORY "0",
                              "stoker.provider-factory/2", "stoker.provider-factory/"}) {
    const void* answer = nullptr;
    plugin.host.bare_call("get_factory", [&] { answer = plugin.table().get_factory(loans.c_text(unknown)); });
    if (answer != nullptr)
      throw Failed("get_factory(\"" + std::string(unknown) +
                   "\") gave a table; compare the whole id, or the agent calls what was never meant");
  }
  require_no_breach(plugin.host);
}

template <class Factory>
void refuses_unknown(LoadedPlugin& plugin, const Factory* factory) {
  if (factory == nullptr) return;
  const stoker_config_sink sink{sizeof(stoker_config_sink), 0, nullptr, [](void*, const stoker_config_field*) {},
                                [](void*, stoker_str, stoker_str, stoker_str) {}};
  plugin.host.bare_call("describe", [&] {
    if (factory->describe(factory->count()) != nullptr)
      throw Failed("describe(count) gave a descriptor; past the end it gives null");
  });
  Loans loans;
  const std::string longer = std::string(factory->describe(0)->id) + "x";
  stoker_status status = STOKER_OK;
  plugin.host.bare_call("config_schema", [&] { status = factory->config_schema(loans.c_text(longer), &sink); });
  if (status == STOKER_OK)
    throw Failed("config_schema(\"" + longer + "\") gave STOKER_OK; there is no such id, compare the whole of it");
}

void unknown_ids_are_refused(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  refuses_unknown(plugin, plugin.providers());
  refuses_unknown(plugin, plugin.log_parsers());
  require_no_breach(plugin.host);
}

void init_deinit_twice(const Subject& subject) {
  for (int i = 0; i < 2; ++i) {
    LoadedPlugin plugin(subject.plugin, {});
    for (const auto& ids : {plugin.provider_ids(), plugin.log_parser_ids()})
      for (const auto& id : ids) (void)plugin.schema(id);
    require_no_breach(plugin.host);
  }
}

void old_host_table(const Subject& subject) {
  constexpr size_t kFirst = offsetof(stoker_host, sleep_ms) + sizeof(void*);  // ABI 1.0, to its last byte
  LoadedPlugin plugin(subject.plugin, {.abi_minor = 0, .table_size = kFirst});
  if (plugin.table().abi_minor > 0) throw Skipped("the plugin needs a newer ABI than 1.0");
  for (const auto& ids : {plugin.provider_ids(), plugin.log_parser_ids()})
    for (const auto& id : ids) (void)plugin.schema(id);
  require_no_breach(plugin.host);
}

}  // namespace

std::vector<Test> library_tests() {
  return {
      {"loads", "The agent's own loader takes the file, init() succeeds and a factory is there; else nothing works.",
       Kind::plugin, loads},
      {"exports-only-entry", "One exported symbol: any other may be taken for that of another plugin or of the agent.",
       Kind::plugin, exports_only_entry},
      {"identity-block", "Id and version stand in the identity and the file is named ID.so, as the agent looks for it.",
       Kind::plugin, identity_block},
      {"scan-under-100-ms", "The agent loads all plugins before it serves, so loading one takes at most 100 ms.",
       Kind::plugin, scan_under_100_ms},
      {"describing-asks-nothing",
       "Descriptors and set-up fields are static data: a user sees them before any credential is there.", Kind::plugin,
       describing_asks_nothing},
      {"unknown-factory-null", "get_factory compares the whole id, so that later factories are not mistaken for these.",
       Kind::plugin, unknown_factory_null},
      {"unknown-ids-are-refused", "describe, config_schema and make know their own ids and no others.", Kind::plugin,
       unknown_ids_are_refused},
      {"init-deinit-twice", "init() may run again after deinit(), so nothing of the first life may be in its way.",
       Kind::plugin, init_deinit_twice},
      {"reads-no-further-than-the-host-table",
       "The host's table ends at an unreadable page: a plugin must not read members that its ABI does not have.",
       Kind::plugin, old_host_table},
  };
}

}  // namespace stoker::check
