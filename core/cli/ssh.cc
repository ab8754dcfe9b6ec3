#include "core/cli/ssh_client.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  const std::string id = full_id(call.agent(), "/v1/instances", call.arguments.text("INSTANCE"));
  const std::vector<std::string> command = call.arguments.all("COMMAND");
  // ssh gives the command to a shell; a terminal is there only for a shell to type in.
  return run_ssh(call, id, {}, command, false);
}

}  // namespace

Command ssh_command() {
  return {
      "ssh",
      "Open a shell on an instance, whose host key is the one known from its making",
      {{"INSTANCE", "its id, or the beginning of it"}, {"COMMAND", "after --: what to run there instead", false, true}},
      {},
      run,
      "0      done\n  1-254  what the shell or command ended with; 1 also: failed\n  255    ssh could not connect\n"
      "  3      no agent can be reached"};
}

}  // namespace stoker::cli
