// The way of a job: a table of stages, each a function in its own file, each safe to enter again after a crash.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/fleet/context.h"
#include "core/fleet/offers.h"
#include "core/jobs/event_feed.h"
#include "core/plugin_host/log_parser.h"
#include "core/plugin_host/provider.h"
#include "core/remote/session.h"
#include "core/store/database.h"
#include "core/store/vault.h"
#include "core/templates/catalogue.h"

namespace stoker::jobs {

// The world of a job. All references outlive every job.
struct PipelineContext {
  Clock& clock;
  store::Database& db;
  store::Vault& vault;
  remote::Connector& connector;
  EventFeed& feed;
  Signal& fleet_work;              // wakes the sweeper
  fleet::ProviderSource provider;  // by account, for what is done to a machine; throws unsupported with the reason
  fleet::ProviderSource browser;   // the same for looking around
  std::function<std::vector<const plugin_host::LogParser*>()> log_parsers;
  std::function<std::vector<fleet::UsableAccount>()> accounts;  // in the order of the configuration
  std::vector<std::string> providers;                           // enabled ids, with or without an account
  std::filesystem::path state_dir;                              // jobs/<id>/{log,artifacts/}, files/<id>
  std::filesystem::path runners;                                // stoker-runner-x86_64, stoker-runner-aarch64
  std::string install_id;                                       // 16 hex digits
  std::function<void(const std::string&)> alarm;                // what a person should know; any thread
  templates::Catalogue templates = {};
};

[[nodiscard]] fleet::FleetContext fleet_context(const PipelineContext& ctx);

// Appends an event to the job in this transaction. `data` is a JSON object without `t`; the caller publishes after the
// commit.
void append_event(const PipelineContext& ctx, store::Connection& connection, const std::string& job_id,
                  std::string_view kind, std::string_view data);

}  // namespace stoker::jobs
