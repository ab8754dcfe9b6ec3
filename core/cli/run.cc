#include <sys/random.h>

#include <cstdlib>

#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/job_arguments.h"
#include "core/cli/watch_job.h"

namespace stoker::cli {
namespace {

// The environment is the caller's: it is read here, once, before any thread.
std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string random_key() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw system_error("can not draw random bytes", errno);
  std::string hex;
  for (const unsigned char byte : bytes) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

std::string submit(const AgentClient& agent, const JobFile& job) {
  try {
    return agent.post("/v1/jobs", job.json(), {{"Idempotency-Key", random_key()}});
  } catch (const Error& e) {
    throw placed(e, job);
  }
}

int run(Invocation& call) {
  JobFile job = read_job(call.arguments);
  job.resolve(variable);
  for (const std::string& name : job.bare_secrets())
    call.note("env." + name + " looks like a secret and would be stored and shown in clear; secrets: {" + name +
              ": env:" + name + "} keeps it");
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  const std::string answer = submit(agent, job);
  const std::string id = Json::parse(answer, "the new job")["id"].text();
  if (call.arguments.has("--detach")) {
    call.out << (call.json ? answer : id) << "\n";
    return kDone;
  }
  call.note("job " + id + " submitted");
  return watch_job(call, agent, id);
}

}  // namespace

Command run_command() {
  return {"run",
          "Submit a job and follow it to its end",
          {{"FILE", "the job, in YAML"}},
          {{"--detach", "", "print the job's id and leave it to the agent"},
           {"--provider", "P", "where to train, instead of what the file says; A,B tries in that order"},
           {"--env", "K=V", "an environment variable of the training", true},
           {"--set", "KEY=VALUE", "a key of the job, such as limits.max_cost=5", true}},
          run,
          "0    the job succeeded, or was submitted with --detach\n  1    it failed\n  2    bad usage or job spec\n"
          "  3    no agent can be reached or started\n  130  cancelled"};
}

}  // namespace stoker::cli
