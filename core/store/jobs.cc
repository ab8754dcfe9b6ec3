#include "core/store/jobs.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <iterator>

#include "core/error.h"

namespace stoker::store {
namespace {

constexpr const char* kStates[] = {"queued",     "provisioning", "connecting", "staging", "setup",    "running",
                                   "collecting", "releasing",    "succeeded",  "failed",  "cancelled"};

constexpr const char* kColumns =
    "id, name, spec, idempotency_key, request_hash, owner, state, outcome, reason, hint, exit_code, "
    "cancel_requested, attempt, instance_id, created_ms, started_ms, ended_ms, log_bytes, parser, parser_score, "
    "parser_events, last_seq";

JobRow row_of(SQLite::Statement& q) {
  JobRow job;
  job.id = q.getColumn(0).getString();
  job.name = q.getColumn(1).getString();
  job.spec = q.getColumn(2).getString();
  job.idempotency_key = q.getColumn(3).getString();
  job.request_hash = q.getColumn(4).getString();
  job.owner = q.getColumn(5).getString();
  job.state = job_state(q.getColumn(6).getString());
  job.outcome = q.getColumn(7).getString();
  job.reason = q.getColumn(8).getString();
  job.hint = q.getColumn(9).getString();
  if (!q.getColumn(10).isNull()) job.exit_code = q.getColumn(10).getInt();
  job.cancel_requested = q.getColumn(11).getInt() != 0;
  job.attempt = q.getColumn(12).getInt();
  job.instance_id = q.getColumn(13).getString();
  job.created_ms = q.getColumn(14).getInt64();
  job.started_ms = q.getColumn(15).getInt64();
  job.ended_ms = q.getColumn(16).getInt64();
  job.log_bytes = q.getColumn(17).getInt64();
  job.parser = q.getColumn(18).getString();
  job.parser_score = q.getColumn(19).getInt();
  job.parser_events = q.getColumn(20).getInt64();
  job.last_seq = q.getColumn(21).getInt64();
  return job;
}

std::vector<JobRow> rows_of(SQLite::Statement& q) {
  std::vector<JobRow> rows;
  while (q.executeStep()) rows.push_back(row_of(q));
  return rows;
}

Error no_job(const std::string& id) { return {Fault::not_found, "no job " + id}; }

}  // namespace

const char* to_string(JobState state) { return kStates[static_cast<size_t>(state)]; }

JobState job_state(const std::string& name) {
  const auto found = std::find(std::begin(kStates), std::end(kStates), name);
  if (found == std::end(kStates)) throw Error(Fault::internal, "unknown job state \"" + name + "\" in the store");
  return static_cast<JobState>(found - std::begin(kStates));
}

void Jobs::insert(const JobRow& job) {
  SQLite::Statement q(db_, std::string("INSERT INTO jobs (") + kColumns +
                               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int n = 0;
  q.bindNoCopy(++n, job.id);
  q.bindNoCopy(++n, job.name);
  q.bindNoCopy(++n, job.spec);
  q.bindNoCopy(++n, job.idempotency_key);
  q.bindNoCopy(++n, job.request_hash);
  q.bindNoCopy(++n, job.owner);
  q.bind(++n, to_string(job.state));
  q.bindNoCopy(++n, job.outcome);
  q.bindNoCopy(++n, job.reason);
  q.bindNoCopy(++n, job.hint);
  ++n;
  if (job.exit_code) q.bind(n, *job.exit_code);
  q.bind(++n, job.cancel_requested ? 1 : 0);
  q.bind(++n, job.attempt);
  q.bindNoCopy(++n, job.instance_id);
  q.bind(++n, job.created_ms);
  q.bind(++n, job.started_ms);
  q.bind(++n, job.ended_ms);
  q.bind(++n, job.log_bytes);
  q.bindNoCopy(++n, job.parser);
  q.bind(++n, job.parser_score);
  q.bind(++n, job.parser_events);
  q.bind(++n, job.last_seq);
  q.exec();
}

void Jobs::update(const JobRow& job) {
  // A request to cancel may come in between a caller's reading and its update: it is never taken back.
  SQLite::Statement q(db_,
                      "UPDATE jobs SET "
                      "name = ?, owner = ?, state = ?, outcome = ?, reason = ?, hint = ?, exit_code = ?, "
                      "cancel_requested = max(cancel_requested, ?), attempt = ?, instance_id = ?, started_ms = ?, "
                      "ended_ms = ?, log_bytes = ?, parser = ?, parser_score = ?, parser_events = ?"
                      " WHERE id = ?");
  int n = 0;
  q.bindNoCopy(++n, job.name);
  q.bindNoCopy(++n, job.owner);
  q.bind(++n, to_string(job.state));
  q.bindNoCopy(++n, job.outcome);
  q.bindNoCopy(++n, job.reason);
  q.bindNoCopy(++n, job.hint);
  ++n;
  if (job.exit_code) q.bind(n, *job.exit_code);
  q.bind(++n, job.cancel_requested ? 1 : 0);
  q.bind(++n, job.attempt);
  q.bindNoCopy(++n, job.instance_id);
  q.bind(++n, job.started_ms);
  q.bind(++n, job.ended_ms);
  q.bind(++n, job.log_bytes);
  q.bindNoCopy(++n, job.parser);
  q.bind(++n, job.parser_score);
  q.bind(++n, job.parser_events);
  q.bindNoCopy(++n, job.id);
  if (q.exec() == 0) throw no_job(job.id);
}

void Jobs::update_log(const JobRow& job) {
  Query q(db_, "UPDATE jobs SET log_bytes = ?, parser = ?, parser_score = ?, parser_events = ? WHERE id = ?");
  q->bind(1, job.log_bytes);
  q->bindNoCopy(2, job.parser);
  q->bind(3, job.parser_score);
  q->bind(4, job.parser_events);
  q->bindNoCopy(5, job.id);
  if (q->exec() == 0) throw no_job(job.id);
}

void Jobs::request_cancel(const std::string& id) {
  SQLite::Statement q(db_, "UPDATE jobs SET cancel_requested = 1 WHERE id = ?");
  q.bindNoCopy(1, id);
  if (q.exec() == 0) throw no_job(id);
}

std::optional<JobRow> Jobs::find(const std::string& id) const {
  SQLite::Statement q(db_, std::string("SELECT ") + kColumns + " FROM jobs WHERE id = ?");
  q.bindNoCopy(1, id);
  if (!q.executeStep()) return std::nullopt;
  return row_of(q);
}

std::optional<JobRow> Jobs::find_idempotent(const std::string& owner, const std::string& key) const {
  if (key.empty()) return std::nullopt;
  SQLite::Statement q(db_, std::string("SELECT ") + kColumns +
                               " FROM jobs WHERE owner = ? AND idempotency_key = ? AND idempotency_key <> ''");
  q.bindNoCopy(1, owner);
  q.bindNoCopy(2, key);
  if (!q.executeStep()) return std::nullopt;
  return row_of(q);
}

std::vector<JobRow> Jobs::list(int limit, const std::string& after) const {
  if (!after.empty() && !find(after)) throw Error(Fault::invalid, "no job " + after + " to list on from", {}, "after");
  SQLite::Statement q(db_, std::string("SELECT ") + kColumns +
                               " FROM jobs WHERE ?1 = '' OR row < (SELECT row FROM jobs WHERE id = ?1)"
                               " ORDER BY row DESC LIMIT ?2");
  q.bindNoCopy(1, after);
  q.bind(2, std::max(limit, 0));
  return rows_of(q);
}

std::vector<JobRow> Jobs::open() const {
  SQLite::Statement q(db_, std::string("SELECT ") + kColumns +
                               " FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled') ORDER BY row");
  return rows_of(q);
}

std::vector<JobRow> Jobs::succeeded(const std::string& name, const std::string& owner, int limit) const {
  SQLite::Statement q(db_,
                      std::string("SELECT ") + kColumns +
                          " FROM jobs WHERE state = 'succeeded' AND name = ? AND owner = ? ORDER BY row DESC LIMIT ?");
  q.bindNoCopy(1, name);
  q.bindNoCopy(2, owner);
  q.bind(3, limit);
  return rows_of(q);
}

std::vector<JobRow> Jobs::succeeded_with(const std::string& used_template, const std::string& owner, int limit) const {
  SQLite::Statement q(db_, std::string("SELECT ") + kColumns +
                               " FROM jobs WHERE state = 'succeeded' AND owner = ?"
                               " AND json_extract(spec, '$.template') = ? ORDER BY row DESC LIMIT ?");
  q.bindNoCopy(1, owner);
  q.bindNoCopy(2, used_template);
  q.bind(3, limit);
  return rows_of(q);
}

}  // namespace stoker::store
