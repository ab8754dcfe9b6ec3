// The command line as a program of its own, with the agent at the port that is the first argument.
#include <cstdlib>

#include "core/cli/entry.h"

int main(int argc, char** argv) {
  using namespace stoker::cli;
  if (argc < 2) return 99;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  Entry entry;
  entry.settings = [](const Flags&) {
    Settings settings;
    settings.state_dir = "/nowhere/state";
    return settings;
  };
  entry.client_view = [port](const std::filesystem::path&) { return ClientView{"127.0.0.1", port, "t"}; };
  return stoker::cli::main(argc - 1, argv + 1, entry);
}
