#include "core/cli/command.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  const std::string id = full_id(agent, "/v1/instances", call.arguments.text("INSTANCE"));
  const std::string answer = agent.remove("/v1/instances/" + id);
  if (call.json)
    call.out << (answer.empty() ? "{}" : answer) << "\n";
  else
    call.out << "instance " << id
             << " is being destroyed; it counts as billing until `stoker instances` no longer shows it\n";
  return kDone;
}

}  // namespace

Command destroy_command() {
  return {"destroy",
          "Destroy a rented machine and all that is on it",
          {{"INSTANCE", "its id, or the beginning of it"}},
          {},
          run};
}

}  // namespace stoker::cli
