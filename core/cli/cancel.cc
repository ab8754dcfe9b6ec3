#include "core/cli/command.h"

namespace stoker::cli {
namespace {

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  const std::string id = full_id(agent, "/v1/jobs", call.arguments.text("JOB"));
  const std::string answer = agent.post("/v1/jobs/" + id + "/cancel", "");
  if (call.json)
    call.out << answer << "\n";
  else
    call.out << "job " << id << " is being cancelled; `stoker show " << id << "` tells when its machine is gone\n";
  return kDone;
}

}  // namespace

Command cancel_command() {
  return {"cancel",
          "Cancel a job: stop it, fetch what it made, release its machine",
          {{"JOB", "its id, or the beginning of it"}},
          {},
          run};
}

}  // namespace stoker::cli
