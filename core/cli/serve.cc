#include "core/cli/command.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  ServeOptions options{call.flags};
  if (call.arguments.has("--listen")) options.flags.listen = call.arguments.text("--listen");
  if (call.arguments.has("--log-level")) options.flags.log_level = call.arguments.text("--log-level");
  return call.entry.serve(options);
}

}  // namespace

Command serve_command() {
  return {"serve",
          "Run the agent until it is told to stop",
          {},
          {{"--listen", "HOST:PORT", "where to listen; port 0 takes a free one (STOKER_LISTEN)"},
           {"--log-level", "LEVEL", "trace, debug, info, warn or error"}},
          run,
          "0  stopped as asked\n  1  failed\n  2  bad usage"};
}

}  // namespace stoker::cli
