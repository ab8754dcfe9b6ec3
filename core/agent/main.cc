#include "core/agent/agent.h"
#include "core/agent/panic.h"
#include "core/agent/state_dir.h"
#include "core/cli/entry.h"
#include "core/version.h"

int main(int argc, char** argv) {
  using namespace stoker;
  const auto load = [](const cli::Flags& flags) { return agent::load_config(flags, agent::process_environment()); };
  cli::Entry entry;
  entry.version = kVersion;
  entry.build = STOKER_BUILD;
  entry.serve = [&](const cli::ServeOptions& options) {
    return agent::serve(load(options.flags), agent::Layout::of_this_program());
  };
  entry.panic = [&](const cli::PanicOptions& options) {
    return agent::panic(options, load(options.flags), agent::Layout::of_this_program());
  };
  entry.settings = [&](const cli::Flags& flags) {
    const agent::Config config = load(flags);
    const agent::Layout layout = agent::Layout::of_this_program();
    return cli::Settings{config.file,    config.config_dir,       config.state_dir,
                         layout.runners, layout.plugin_templates, agent::registry_options(config, layout)};
  };
  entry.client_view = agent::StateDir::client_view;
  return cli::main(argc, argv, entry);
}
