// A plugin loaded by the agent's own loader into a strict host.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/plugin_host/config_schema.h"
#include "core/plugin_host/log_parser.h"
#include "core/plugin_host/provider.h"
#include "sdk/check/strict_host.h"
#include "sdk/include/stoker/log_parser.h"
#include "sdk/include/stoker/provider.h"

namespace stoker::check {

// init() on construction, deinit() at the end. Throws Failed with the agent's refusal, or when init() fails.
class LoadedPlugin {
 public:
  LoadedPlugin(const std::filesystem::path& file, HostOptions options);
  ~LoadedPlugin();
  LoadedPlugin(const LoadedPlugin&) = delete;
  LoadedPlugin& operator=(const LoadedPlugin&) = delete;

  StrictHost host;
  [[nodiscard]] const stoker_plugin& table() const { return table_; }
  [[nodiscard]] const stoker_provider_factory* providers() const { return providers_; }        // null: none
  [[nodiscard]] const stoker_log_parser_factory* log_parsers() const { return log_parsers_; }  // null: none
  [[nodiscard]] std::vector<std::string> provider_ids();
  [[nodiscard]] std::vector<std::string> log_parser_ids();
  // Throws Failed when it is not offered.
  const stoker_descriptor& descriptor(const std::string& id);
  std::vector<plugin_host::ConfigField> schema(const std::string& id);

 private:
  stoker_plugin table_{};
  const stoker_provider_factory* providers_ = nullptr;
  const stoker_log_parser_factory* log_parsers_ = nullptr;
};

// What one call gave: how it ended, and what its sink received (copied and checked as the agent does).
template <class T>
struct Answer {
  CallEnd end;
  std::vector<T> items;
};

// One provider object; every argument is on loan for its call. Throws Failed when make() fails. `settings` hold no
// secrets. Destroyed at the end.
class ProviderUnderTest {
 public:
  ProviderUnderTest(LoadedPlugin& plugin, const std::string& id, const plugin_host::Settings& settings);
  ~ProviderUnderTest();
  ProviderUnderTest(const ProviderUnderTest&) = delete;
  ProviderUnderTest& operator=(const ProviderUnderTest&) = delete;

  Answer<plugin_host::Account> validate();
  Answer<plugin_host::Offer> list_offers(const plugin_host::OfferQuery& query = {});
  Answer<plugin_host::Instance> create(const plugin_host::CreateRequest& request);
  Answer<plugin_host::Instance> find(const std::string& owner, const std::string& client_token = {});
  Answer<plugin_host::Instance> get(const plugin_host::InstanceRef& ref);
  CallEnd remove(const plugin_host::InstanceRef& ref);
  [[nodiscard]] bool has_resources();  // offers the extension stoker.provider.resources/1
  Answer<plugin_host::Resource> resources(const std::string& owner, const std::string& client_token = {});
  CallEnd remove_resource(const plugin_host::Resource& resource);

 private:
  LoadedPlugin& plugin_;
  stoker_provider* object_ = nullptr;
};

// One stream of a log parser. Bytes are on loan for their push. Throws Failed when open() fails.
class StreamUnderTest {
 public:
  StreamUnderTest(LoadedPlugin& plugin, const std::string& id, uint64_t start_offset = 0, uint32_t max_line_bytes = 0);
  ~StreamUnderTest();
  StreamUnderTest(const StreamUnderTest&) = delete;
  StreamUnderTest& operator=(const StreamUnderTest&) = delete;

  // Events are appended to events(). Throws Failed where the plugin answers anything but STOKER_OK.
  void push(std::string_view bytes);
  void finish(int32_t why = STOKER_FINISH_EOF);
  // Pushes to a sink that refuses: how many events it was given all the same, and what the plugin answered.
  std::pair<int, stoker_status> push_refused(std::string_view bytes);
  [[nodiscard]] const std::vector<plugin_host::RawEvent>& events() const { return events_; }

 private:
  LoadedPlugin& plugin_;
  stoker_log_stream* object_ = nullptr;
  std::vector<plugin_host::RawEvent> events_;
};

// Throws Failed with all breaches of the host, one a line, where there are any.
void require_no_breach(const StrictHost& host);

}  // namespace stoker::check
