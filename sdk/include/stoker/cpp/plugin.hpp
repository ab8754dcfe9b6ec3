// STOKER_PLUGIN(id, version, factories...): the one exported symbol of a plugin, once per library.
//
//   constexpr stoker::Descriptor kAcme{.id = "com.acme.cloud", .name = "Acme", ...};
//   constexpr stoker::ConfigField kSchema[] = {{.key = "token", .label = "API token", .kind = STOKER_FIELD_SECRET}};
//   STOKER_PLUGIN("com.acme.cloud", "1.0.0", stoker::provider<AcmeCloud>(kAcme, kSchema))
//
// All tables are constants: loading the library runs no code of the plugin's.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

#include "log_parser.hpp"
#include "provider.hpp"

namespace stoker::detail {

// What a library offers, sorted by kind.
template <std::size_t Providers, std::size_t LogParsers>
struct Offered {
  std::array<ProviderEntry, Providers> providers{};
  std::array<LogParserEntry, LogParsers> log_parsers{};
};

template <class... Entries>
constexpr auto offer(const Entries&... entries) noexcept {
  static_assert(((std::same_as<Entries, ProviderEntry> || std::same_as<Entries, LogParserEntry>) && ...),
                "STOKER_PLUGIN takes stoker::provider<T>(...) and stoker::log_parser<T>(...)");
  Offered<(std::size_t{std::same_as<Entries, ProviderEntry>} + ... + 0),
          (std::size_t{std::same_as<Entries, LogParserEntry>} + ... + 0)>
      offered;
  std::size_t providers = 0, log_parsers = 0;
  const auto add = [&](const auto& entry) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(entry)>, ProviderEntry>) {
      offered.providers[providers++] = entry;
    } else {
      offered.log_parsers[log_parsers++] = entry;
    }
  };
  (add(entries), ...);
  return offered;
}

template <class Entries>
const typename Entries::value_type* entry_of(const Entries& entries, const char* id) noexcept {
  for (const auto& entry : entries) {
    if (id != nullptr && std::string_view(entry.descriptor.id) == id) return &entry;
  }
  return nullptr;
}

// The tables of one library; `All` is its Offered.
template <const auto& All>
class Library {
 public:
  static constexpr stoker_plugin identity(const char* id, const char* version) noexcept {
    return {STOKER_MAGIC, sizeof(stoker_plugin), STOKER_ABI_MAJOR, STOKER_TARGET_MINOR, 0,           id,
            version,      STOKER_SDK_VERSION,    &Library::init,   &Library::deinit,    &get_factory};
  }

 private:
  static stoker_status init(const stoker_host* agent, stoker_call*) noexcept {
    host = agent;
    return STOKER_OK;
  }
  static void deinit() noexcept { host = nullptr; }

  static const void* get_factory(const char* factory_id) noexcept {
    static constexpr stoker_provider_factory kProviders{sizeof(stoker_provider_factory),
                                                        0,
                                                        [] { return All.providers.size(); },
                                                        &describe_provider,
                                                        &provider_schema,
                                                        &make};
    static constexpr stoker_log_parser_factory kLogParsers{sizeof(stoker_log_parser_factory),
                                                           0,
                                                           [] { return All.log_parsers.size(); },
                                                           &describe_log_parser,
                                                           &log_parser_schema,
                                                           &detect,
                                                           &open};
    if (factory_id == nullptr) return nullptr;
    if (!All.providers.empty() && std::string_view(factory_id) == STOKER_PROVIDER_FACTORY) return &kProviders;
    if (!All.log_parsers.empty() && std::string_view(factory_id) == STOKER_LOG_PARSER_FACTORY) return &kLogParsers;
    return nullptr;
  }

  static const stoker_descriptor* describe_provider(std::size_t index) noexcept {
    return describe(All.providers, index);
  }
  static const stoker_descriptor* describe_log_parser(std::size_t index) noexcept {
    return describe(All.log_parsers, index);
  }
  static stoker_status provider_schema(const char* id, const stoker_config_sink* sink) noexcept {
    return schema(All.providers, id, sink);
  }
  static stoker_status log_parser_schema(const char* id, const stoker_config_sink* sink) noexcept {
    return schema(All.log_parsers, id, sink);
  }

  static stoker_status make(stoker_call* call, const char* id, const stoker_field* config, std::size_t count,
                            stoker_provider** out) noexcept {
    const auto* entry = entry_of(All.providers, id);
    if (entry != nullptr) return entry->make(call, &entry->descriptor, config, count, out);
    *out = nullptr;
    return report_plain(call, STOKER_E_NOT_FOUND, "this plugin has no provider of that id");
  }

  static std::int32_t detect(const char* id, stoker_bytes head) noexcept {
    const auto* entry = entry_of(All.log_parsers, id);
    return entry == nullptr ? 0 : entry->detect(view(head));
  }

  static stoker_status open(stoker_call* call, const char* id, const stoker_stream_info* info,
                            const stoker_field* config, std::size_t count, stoker_log_stream** out) noexcept {
    const auto* entry = entry_of(All.log_parsers, id);
    if (entry != nullptr) return entry->open(call, info, config, count, out);
    *out = nullptr;
    return report_plain(call, STOKER_E_NOT_FOUND, "this plugin has no log parser of that id");
  }

  static const stoker_descriptor* describe(const auto& entries, std::size_t index) noexcept {
    return index < entries.size() ? &entries[index].descriptor : nullptr;
  }
  static stoker_status schema(const auto& entries, const char* id, const stoker_config_sink* sink) noexcept {
    const auto* entry = entry_of(entries, id);
    if (entry == nullptr || sink == nullptr) return STOKER_E_NOT_FOUND;
    emit_schema(entry->schema, *sink);
    return STOKER_OK;
  }
};

}  // namespace stoker::detail

#define STOKER_PLUGIN(ID, VERSION, ...)                                                                         \
  namespace {                                                                                                   \
  constexpr auto stoker_offered = ::stoker::detail::offer(__VA_ARGS__);                                         \
  constexpr ::stoker_plugin stoker_identity = ::stoker::detail::Library<stoker_offered>::identity(ID, VERSION); \
  }                                                                                                             \
  extern "C" STOKER_EXPORT const ::stoker_plugin* stoker_plugin_entry(void) { return &stoker_identity; }
