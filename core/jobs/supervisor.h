// The jobs of this agent: submitted, carried through the pipeline by one thread each, cancelled, and taken up again
// after a crash.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/jobs/event_feed.h"
#include "core/jobs/pipeline.h"
#include "core/jobs/spec.h"
#include "core/store/jobs.h"

namespace stoker::jobs {

struct Submission {
  std::string spec_json;
  std::string idempotency_key;  // empty: none
  std::string owner;            // name of the token
  bool admin = false;           // may name local paths and raise caps

  // What another API knows of the job, both within the transaction that inserts it. `earlier`: the job that the same
  // request has become already, then nothing is inserted.
  std::function<std::optional<store::JobRow>(store::Connection&)> earlier = {};
  std::function<void(store::Connection&, const store::JobRow&)> also = {};
};

class Supervisor {
 public:
  explicit Supervisor(PipelineContext context);
  ~Supervisor();  // stops the threads; the jobs stay where they are and are taken up by the next agent
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Takes up every open job. Once, before the first submit.
  void resume();
  // A spec as submit() would take it, with none of it stored.
  [[nodiscard]] JobSpec read_spec(const std::string& json, bool admin) const;
  // Committed when it returns. The same key and body again gives the same job; the same key and another body is
  // conflict. Throws invalid with `field` for a bad spec.
  store::JobRow submit(const Submission& submission);
  // Returns at once; the job's thread does the rest. Throws not_found, conflict when the job has ended.
  store::JobRow cancel(const std::string& id);

 private:
  struct Running;
  void launch(const std::string& id);
  void carry(const std::string& id, Running& job);
  void erase_leftovers();
  void reap();

  PipelineContext context_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Running>> running_;
  bool closing_ = false;
};

}  // namespace stoker::jobs
