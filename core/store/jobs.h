// Table `jobs`: what a user asked for, how far it has come, and where its log is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

// The recorded stage is the state: a restarted agent re-enters it.
enum class JobState {
  queued,
  provisioning,
  connecting,
  staging,
  setup,
  running,
  collecting,
  releasing,
  succeeded,
  failed,
  cancelled
};
const char* to_string(JobState state);
JobState job_state(const std::string& name);  // throws Error{internal}
inline bool is_terminal(JobState state) { return state >= JobState::succeeded; }

struct JobRow {
  std::string id;  // 13 characters of [a-z2-7], in order of submission
  std::string name;
  std::string spec;                           // normalized JSON without secrets
  std::string idempotency_key, request_hash;  // empty key: none; the key is unique per owner
  std::string owner;                          // the token's name: "admin" or an app's
  JobState state = JobState::queued;
  std::string outcome;  // "", succeeded, failed, cancelled: fixed when the training ended or was given up
  std::string reason;   // one sentence; empty while all is well
  std::string hint;
  std::optional<int> exit_code;
  bool cancel_requested = false;
  int attempt = 0;
  std::string instance_id;                               // of the current attempt; empty before the first intent
  int64_t created_ms = 0, started_ms = 0, ended_ms = 0;  // ms since 1970; 0: not yet
  int64_t log_bytes = 0;  // bytes of the remote log that are stored and parsed: the cursor
  std::string parser;     // chosen parser; empty: not chosen yet; "none"
  int parser_score = 0;
  int64_t parser_events = 0;  // how many events the parser has given for those bytes
  int64_t last_seq = 0;       // of the newest event; 0: none
};

class Jobs {
 public:
  explicit Jobs(Connection& connection) : db_(connection) {}

  void insert(const JobRow& job);
  // Everything but id, spec, idempotency, created_ms and last_seq. Throws not_found.
  void update(const JobRow& job);
  // Only log_bytes and the three of the parser: for every batch of the log. Throws not_found.
  void update_log(const JobRow& job);
  void request_cancel(const std::string& id);
  [[nodiscard]] std::optional<JobRow> find(const std::string& id) const;
  [[nodiscard]] std::optional<JobRow> find_idempotent(const std::string& owner, const std::string& key) const;
  // Newest first, at most `limit`, those before the job `after` (empty: from the newest).
  [[nodiscard]] std::vector<JobRow> list(int limit, const std::string& after) const;
  [[nodiscard]] std::vector<JobRow> open() const;  // not terminal, oldest first
  // Of one name and owner, newest first.
  [[nodiscard]] std::vector<JobRow> succeeded(const std::string& name, const std::string& owner, int limit) const;
  // The same of one training template.
  [[nodiscard]] std::vector<JobRow> succeeded_with(const std::string& used_template, const std::string& owner,
                                                   int limit) const;

 private:
  Connection& db_;
};

}  // namespace stoker::store
