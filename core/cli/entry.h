// What the command line is given by the program it is built into. It knows the agent only through HTTP and through
// this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin_host/registry.h"

namespace stoker::cli {

// What was typed; the strongest layer of the configuration.
struct Flags {
  std::optional<std::string> config_file, state_dir, listen, log_level;
  std::vector<std::string> plugin_path;
};

struct ServeOptions {
  Flags flags;
};

struct PanicOptions {
  Flags flags;
  std::string installation;      // an install id; empty: what the state folder says
  std::string provider;          // with `values`, an account that no store knows of; empty: the connected ones
  plugin_host::Settings values;  // of the provider's set-up, secrets among them
  std::function<void(const std::string&)> tell;  // each step, in words
};

struct PanicOutcome {
  std::vector<std::string> destroyed;  // "lambda: i-1 (stk-...)"
  std::vector<std::string> left;       // what may still cost money, and why
};

// Where a running agent listens and what it asks of its callers.
struct ClientView {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::string token;
};

// The configuration as far as commands need it.
struct Settings {
  std::filesystem::path config_file;  // may not exist
  std::filesystem::path config_dir, state_dir;
  std::filesystem::path runners;  // folder of stoker-runner-x86_64 and stoker-runner-aarch64
  std::filesystem::path plugin_templates;
  plugin_host::RegistryOptions plugins;
};

// All members are set; each may throw Error.
struct Entry {
  std::string version;                            // "0.1.0"
  std::string build;                              // compiler, preset, commit: free text for bug reports
  std::function<int(const ServeOptions&)> serve;  // returns when the agent has stopped: an exit code
  std::function<PanicOutcome(const PanicOptions&)> panic;
  std::function<Settings(const Flags&)> settings;
  // Empty when no agent has written its port into this state folder.
  std::function<std::optional<ClientView>(const std::filesystem::path& state_dir)> client_view;
};

// 0 done, 1 failed, 2 bad usage or spec, 3 no agent, 130 cancelled. Prints; never throws.
int main(int argc, char** argv, const Entry& entry);

}  // namespace stoker::cli
