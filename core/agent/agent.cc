#include "core/agent/agent.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/agent/agent_log.h"
#include "core/agent/plugin_access.h"
#include "core/agent/state_dir.h"
#include "core/api/server.h"
#include "core/api/stored_file.h"
#include "core/fleet/accounts.h"
#include "core/fleet/fleet.h"
#include "core/fleet/sweeper.h"
#include "core/jobs/kept_model.h"
#include "core/jobs/supervisor.h"
#include "core/remote/libssh2_session.h"
#include "core/store/install.h"
#include "core/version.h"

namespace stoker::agent {
namespace {

constexpr rlim_t kDescriptors = 8192;  // 4096 streams and what else is open

// Every stream holds a descriptor, and a login gives 1024.
void raise_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kDescriptors) return;
  files.rlim_cur = std::min(files.rlim_max, kDescriptors);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// Before the first thread, so that all inherit it and only wait_for_end() sees the signals.
sigset_t block_end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// A plugin that does not return can not be unloaded: then the process ends under it.
struct EndOfPlugins {
  EndOfPlugins() = default;
  EndOfPlugins(const EndOfPlugins&) = delete;
  EndOfPlugins& operator=(const EndOfPlugins&) = delete;
  ~EndOfPlugins() {
    if (fleet::calls_left_behind() > 0) ::_exit(0);
  }
};

std::string rentals(store::Database& db) {
  const auto open = db.read([](store::Connection& c) { return store::Instances(c).open(); });
  std::string list;
  for (const store::InstanceRow& row : open) list += " " + row.id;
  return list;
}

}  // namespace

void harden_process() {
  ::umask(077);
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(SIGPIPE, SIG_IGN);
}

Layout Layout::of_this_program() {
  const std::filesystem::path prefix = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
  return {prefix / "lib" / "stoker" / "plugins", prefix / "lib" / "stoker" / "runner",
          prefix / "share" / "stoker" / "template", prefix / "share" / "stoker" / "templates"};
}

plugin_host::RegistryOptions registry_options(const Config& config, const Layout& layout) {
  plugin_host::RegistryOptions options;
  options.bundled = layout.plugins;
  options.folders = config.plugin_path;
  options.enabled = config.plugins;
  options.config = config.plugin_config;
  options.allow_unsafe = config.allow_unsafe_plugins;
  for (const char* id : {"local", "ssh"}) {
    const std::string key = std::string(id) + ".directory";
    const bool given =
        std::any_of(options.config.begin(), options.config.end(), [&](const auto& pair) { return pair.first == key; });
    if (!given) options.config.emplace_back(key, (config.state_dir / id).string());
  }
  return options;
}

int serve(const Config& config, const Layout& layout, const Seams& seams) {
  harden_process();
  raise_descriptor_limit();
  const sigset_t end_signals = block_end_signals();
  StateDir state(config.state_dir);
  SystemClock system_clock;
  Clock& clock = seams.clock != nullptr ? *seams.clock : system_clock;
  AgentLog log(config.log_level);
  store::Database db(config.state_dir / "stoker.db", seams.gate);
  const std::string install = store::install_id(db, config.state_dir / "install-id");
  store::Vault vault = open_vault(db, config);
  PluginAccess plugins(config, layout, clock, log);
  plugin_host::Registry& registry = plugins.registry;
  for (const plugin_host::PluginStatus& plugin : registry.list())
    if (plugin.enabled && !plugin.loaded) log.warn(plugin.reason);
  const EndOfPlugins end_of_plugins;

  fleet::Accounts accounts(db, vault, registry, clock, [&](std::string_view secret) { plugins.known.add(secret); });
  remote::LibsshConnector connector(clock);
  jobs::EventFeed feed;
  Signal fleet_work;
  const jobs::PipelineContext context{clock,
                                      db,
                                      vault,
                                      connector,
                                      feed,
                                      fleet_work,
                                      [&](const std::string& account) { return accounts.provider(account); },
                                      [&](const std::string& account) { return accounts.browser(account); },
                                      [&] {
                                        std::vector<const plugin_host::LogParser*> parsers;
                                        for (const std::string& id : registry.log_parser_ids())
                                          parsers.push_back(&registry.log_parser(id));
                                        return parsers;
                                      },
                                      [&] { return accounts.usable(); },
                                      registry.provider_ids(),
                                      config.state_dir,
                                      layout.runners,
                                      install,
                                      [&](const std::string& text) { log.warn(text); },
                                      templates::Catalogue(layout.templates)};
  for (const std::string& problem : context.templates.problems()) log.warn(problem);
  fleet::Fleet fleet(db, clock, fleet_work);
  fleet::Sweeper sweeper(jobs::fleet_context(context));
  jobs::Supervisor supervisor(context);
  jobs::KeptModels kept_models(context);

  api::ServerContext api{.clock = clock,
                         .db = db,
                         .supervisor = supervisor,
                         .feed = feed,
                         .fleet = fleet,
                         .accounts = accounts,
                         .registry = registry,
                         .pipeline = context,
                         .state_dir = config.state_dir,
                         .version = kVersion,
                         .tokens = {},
                         .origins = config.origins,
                         .kept_models = &kept_models};
  api.listen = config.listen;
  api.fine_tune_job = config.openai_job;
  api.chatmle = config.chatmle;
  api.tokens = {api::Token::of("admin", api::Scope::admin, state.token())};
  api::remove_stray_files(api);
  api::Server server(api);
  sweeper.start();
  supervisor.resume();
  state.publish_port(server.port());
  log.info("ready on port " + std::to_string(server.port()));

  int received = 0;
  sigwait(&end_signals, &received);
  log.info("closing; trainings go on and are taken up again by the next agent");
  server.stop();
  if (const std::string list = rentals(db); !list.empty()) log.warn("still rented:" + list);
  return 0;
}

}  // namespace stoker::agent
