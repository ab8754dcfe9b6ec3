// The agent: everything put together, from the first check to the last thread joined.
#pragma once

#include <filesystem>

#include "core/agent/config.h"
#include "core/cli/entry.h"
#include "core/clock.h"
#include "core/store/database.h"

namespace stoker::agent {

// Where the program's own files lie, the same in a build tree and in an installation: PREFIX/bin/stoker,
// PREFIX/lib/stoker/plugins, PREFIX/lib/stoker/runner, PREFIX/share/stoker/template, PREFIX/share/stoker/templates.
struct Layout {
  std::filesystem::path plugins, runners;
  std::filesystem::path plugin_templates;  // what `stoker plugins new` copies
  std::filesystem::path templates;         // of trainings
  [[nodiscard]] static Layout of_this_program();
};

[[nodiscard]] plugin_host::RegistryOptions registry_options(const Config& config, const Layout& layout);

// Before secrets come into memory: no core dump and no debugger may show them; no file is readable by others, whoever
// opens it; and a reader that is gone ends nothing.
void harden_process();

// Seams for tests that crash the agent, fill its disk, or let time pass faster; the program itself passes none.
struct Seams {
  store::CommitGate* gate = nullptr;
  Clock* clock = nullptr;
};

// Runs until SIGINT or SIGTERM. What is rented stays rented and what trains goes on; the next agent takes it up. 0: an
// orderly end. Throws Error when it can not start.
int serve(const Config& config, const Layout& layout, const Seams& seams = {});

}  // namespace stoker::agent
