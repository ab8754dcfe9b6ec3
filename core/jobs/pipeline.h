// The way of a job: a table of stages, each a function in its own file, each safe to enter again after a crash.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/jobs/event_feed.h"
#include "core/plugin_host/log_parser.h"
#include "core/plugin_host/provider.h"
#include "core/remote/session.h"
#include "core/store/database.h"
#include "core/store/vault.h"

namespace stoker::jobs {

// The world of a job. All references outlive every job.
struct PipelineContext {
  Clock& clock;
  store::Database& db;
  store::Vault& vault;
  remote::Connector& connector;
  EventFeed& feed;
  Signal& fleet_work;  // wakes the sweeper
  // Throw unsupported with the reason when the plugin is not there.
  std::function<plugin_host::Provider&(const std::string& id)> provider;
  std::function<std::vector<const plugin_host::LogParser*>()> log_parsers;
  std::vector<std::string> providers;  // enabled ids, in the order of the configuration
  std::filesystem::path state_dir;     // jobs/<id>/{log,artifacts/}, files/<id>
  std::filesystem::path runners;       // stoker-runner-x86_64, stoker-runner-aarch64
  std::string install_id;              // 16 hex digits
};

}  // namespace stoker::jobs
