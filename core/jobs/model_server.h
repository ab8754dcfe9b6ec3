// The program that serves a trained model on the machine that was kept for it: started by stoker-runner in a job folder
// of its own, so that it is detached, has its own log, runs once, and ends with the machine or the next job on it.
#pragma once

#include <memory>
#include <string>

#include "core/jobs/pipeline.h"
#include "core/jobs/spec.h"
#include "core/remote/runner_client.h"
#include "core/store/instances.h"
#include "core/store/jobs.h"

namespace stoker::jobs {

// A connection to a port of the machine's loopback; null when nothing listens there.
[[nodiscard]] std::unique_ptr<remote::Stream> connect_if_it_listens(remote::Tunnel& tunnel, int port, const Wait& wait);

// Its command runs in the working directory of the training, with the spec's env, STOKER_ARTIFACTS of the training and
// STOKER_PORT; it has no secrets. For one caller at a time.
class ModelServer {
 public:
  ModelServer(const PipelineContext& ctx, store::JobRow job, JobSpec spec, store::InstanceRow machine);

  // Starts it unless it runs, waits until it listens and connects. Throws unavailable with its last lines when it
  // ended.
  [[nodiscard]] std::unique_ptr<remote::Stream> connect(remote::Tunnel& tunnel, const Wait& wait);

 private:
  void start(remote::RunnerClient& runner, remote::Tunnel& tunnel, const Wait& wait);
  [[nodiscard]] int choose_port(remote::Tunnel& tunnel, const Wait& wait) const;
  [[nodiscard]] std::string runner_spec(const std::string& folder, int port) const;
  [[nodiscard]] Error ended(remote::RunnerClient& runner, const remote::PhaseStatus& status, const Wait& wait) const;

  const PipelineContext& ctx_;
  const store::JobRow job_;
  const JobSpec spec_;
  store::InstanceRow machine_;
};

}  // namespace stoker::jobs
