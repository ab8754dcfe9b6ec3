// One job on its way: what the stages share.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/jobs/pipeline.h"
#include "core/jobs/spec.h"
#include "core/remote/runner_client.h"
#include "core/store/instances.h"
#include "core/store/jobs.h"

namespace stoker::jobs {

// Used by the job's own thread only.
class JobRun {
 public:
  // `interrupt` fires for a user's cancel and when the agent closes, `closing` only for the latter.
  JobRun(const PipelineContext& ctx, store::JobRow row, std::stop_token interrupt, std::stop_token closing);

  // Carries the job on from its recorded state until it is terminal or the agent closes.
  void run();

  const PipelineContext& ctx;
  fleet::FleetContext fleet;
  store::JobRow row;
  JobSpec spec;
  const store::JobState found_in;  // the state in which this agent took the job up

  [[nodiscard]] Wait wait() const { return {cleaning_up_ ? closing_ : interrupt_, deadline_ms_}; }
  [[nodiscard]] Wait closing() const { return {closing_, INT64_MAX}; }
  void limit(int64_t ms) { deadline_ms_ = ctx.clock.mono_ms() + ms; }

  // Edits the row and commits it with a `state` event, and in the same transaction `also`; what that throws takes all
  // of it back.
  void commit(const char* what, const std::function<void(store::JobRow&)>& edit,
              const std::function<void(store::Connection&)>& also = nullptr);
  void emit(std::string_view kind, const std::string& data);

  // The machine of the current attempt; throws internal when there is none.
  [[nodiscard]] store::InstanceRow instance() const;
  [[nodiscard]] std::string job_folder() const;      // "<job>-<attempt>": on the instance
  [[nodiscard]] std::filesystem::path home() const;  // of the job on this machine

  // A connected session with the runner in place; connects again when the last one broke. `act` is called again after a
  // broken connection, so it must be idempotent. Gives up when the machine is no more, `patience_ms` after the call or
  // the last heard(), and for every fault that is not the network's.
  template <typename Act>
  auto with_runner(int64_t patience_ms, Act&& act) {
    const int64_t began_ms = ctx.clock.mono_ms();
    for (int64_t pause = 250;; pause = pause < 15000 ? pause * 2 : pause) {
      const int64_t give_up_ms = std::max(began_ms, heard_ms_) + patience_ms;
      try {
        if (!runner_) connect(give_up_ms);
        return act(*runner_);
      } catch (const Error& error) {
        disconnect();
        if (!may_retry(error, pause, std::max(began_ms, heard_ms_) + patience_ms)) throw;
        if (heard_ms_ > retried_ms_) pause = 250;  // it was well in between
        retried_ms_ = ctx.clock.mono_ms();
        rest_before_retry(error, pause);
      }
    }
  }
  void disconnect();
  // Logs in to a machine that may become the job's; the connection is used once it is.
  void try_login(const store::InstanceRow& machine, int64_t patience_ms);
  // The machine gave a sign of life over the present connection.
  void heard() { heard_ms_ = ctx.clock.mono_ms(); }

 private:
  void connect(int64_t give_up_ms);
  void log_in(store::InstanceRow machine, const Wait& patience);
  plugin_host::Instance ask_provider(const store::InstanceRow& machine);
  [[nodiscard]] bool may_retry(const Error& error, int64_t pause, int64_t give_up_ms) const;
  void rest_before_retry(const Error& error, int64_t pause);
  void give_up(const Error& error);
  void step();

  std::stop_token interrupt_, closing_;
  bool cleaning_up_ = false;
  int64_t deadline_ms_ = INT64_MAX;
  int64_t heard_ms_ = 0, retried_ms_ = 0;   // mono
  std::optional<int64_t> absent_since_ms_;  // mono; when the provider began not to show the machine
  int surprises_ = 0;                       // exceptions that are no Error
  std::unique_ptr<remote::Session> session_;
  std::optional<remote::RunnerClient> runner_;
};

}  // namespace stoker::jobs
