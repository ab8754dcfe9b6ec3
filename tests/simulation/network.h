// SSH to the machines of the simulated cloud: sessions that break, and times when nothing can be reached.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/remote/session.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/machine.h"

namespace stoker::simulation {

struct NetworkTraits {
  int drop_percent = 0;              // of commands, and of the log's frames, at which the connection breaks
  int64_t down_from_ms = INT64_MAX;  // nothing is reached from here ...
  int64_t down_to_ms = INT64_MAX;    // ... to here
  int64_t key_after_ms = 0;          // after boot, the login key is refused this long
  int64_t piece_ms = 0;              // that 2 KiB of a file take on their way home
};

// Lives on while agents crash. A machine comes into being with its cloud's, and dies with it.
class Network final : public remote::Connector {
 public:
  Network(Scheduler& scheduler, Cloud& cloud) : scheduler_(scheduler), cloud_(cloud) {}

  std::unique_ptr<remote::Session> connect(const remote::Target& target, const Wait& wait) override;

  // Throws unavailable when the connection is lost here.
  void travel(const std::string& host);
  Scheduler& scheduler() { return scheduler_; }

  Plan plan;
  NetworkTraits traits;
  std::map<std::string, Machine> machines;  // by host, those that were logged in to
  bool faults_on = true;

 private:
  Scheduler& scheduler_;
  Cloud& cloud_;
};

}  // namespace stoker::simulation
