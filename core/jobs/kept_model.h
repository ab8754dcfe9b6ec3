// The model of a finished job, served on the machine that was kept for it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/jobs/pipeline.h"
#include "core/remote/tunnel.h"

namespace stoker::jobs {

// Any thread; one for the whole agent. Every open stream counts as use of the machine: while one is open no other job
// takes the machine and its idle time does not run; it begins anew when the last one ends.
class KeptModels {
 public:
  explicit KeptModels(PipelineContext context);
  ~KeptModels();  // after all streams
  KeptModels(const KeptModels&) = delete;
  KeptModels& operator=(const KeptModels&) = delete;

  // A connection to the server that the job's spec names (`serve: {command, port}`), on the loopback of the machine.
  // Starts the server where it does not run yet and waits until it listens, as long as `wait` allows. Throws not_found
  // when there is no such job, conflict with the way out when the job has not ended, names no server, or its machine is
  // not kept for it any more, unavailable with the last lines of its log when the server ended.
  [[nodiscard]] std::unique_ptr<remote::Stream> open(const std::string& job_id, const Wait& wait);

  // The same to any port of the machine, with nothing started.
  [[nodiscard]] std::unique_ptr<remote::Stream> connect(const std::string& job_id, uint16_t port, const Wait& wait);

  struct Machine;  // one that is talked to

 private:
  [[nodiscard]] std::shared_ptr<Machine> machine_of(const std::string& id);

  PipelineContext context_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Machine>> machines_;  // by instance id
};

}  // namespace stoker::jobs
