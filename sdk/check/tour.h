// One call of everything that a plugin offers, as the agent would make them in the course of a job.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sdk/check/loaded_plugin.h"
#include "sdk/check/scripted_cloud.h"
#include "sdk/check/test.h"

namespace stoker::check {

// One call of the tour.
struct Stop {
  std::string call;  // "list_offers"
  CallEnd end;
  int first = 0, last = 0;  // the questions to the host within it; last < first: none
  size_t items = 0;         // what its sink received
};
using Visitor = std::function<void(const Stop&)>;

// A plugin in a host with all that the subject's fixtures give: cloud, settings, secrets, allowed hosts. A network of
// `options` takes the place of the cloud.
class Stage {
 public:
  explicit Stage(const Subject& subject, HostOptions options = {});

  [[nodiscard]] LoadedPlugin& plugin() { return *plugin_; }
  [[nodiscard]] StrictHost& host() { return plugin_->host; }
  [[nodiscard]] ScriptedCloud* cloud() { return cloud_.get(); }  // null: the subject has none
  // Throws Skipped where the provider's required settings are given nowhere.
  std::unique_ptr<ProviderUnderTest> make(const std::string& id);
  // All providers and log parsers. Machines are made only where a scripted cloud makes them.
  void tour(const Visitor& visit = {});

 private:
  void tour_provider(const std::string& id, const Visitor& visit);
  void tour_log_parser(const std::string& id);

  const Subject& subject_;
  std::unique_ptr<ScriptedCloud> cloud_;
  std::unique_ptr<LoadedPlugin> plugin_;
};

// What the agent would ask for, of the first offer.
plugin_host::CreateRequest tour_request(const plugin_host::Offer& offer);

}  // namespace stoker::check
