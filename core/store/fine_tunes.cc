#include "core/store/fine_tunes.h"

#include <algorithm>

#include "core/error.h"

namespace stoker::store {
namespace {

#define STOKER_FINE_TUNE_COLUMNS \
  "f.job_id, f.owner, f.body_hash, f.created_ms, f.repeated, f.request, f.fine_tuned_model, f.results"

FineTuneRow fine_tune_of(SQLite::Statement& q) {
  FineTuneRow row;
  row.job_id = q.getColumn(0).getString();
  row.owner = q.getColumn(1).getString();
  row.body_hash = q.getColumn(2).getString();
  row.created_ms = q.getColumn(3).getInt64();
  row.repeated = q.getColumn(4).getInt() != 0;
  row.request = q.getColumn(5).getString();
  row.fine_tuned_model = q.getColumn(6).getString();
  row.results = q.getColumn(7).getString();
  return row;
}

std::optional<FineTuneRow> one_of(SQLite::Statement& q) {
  if (!q.executeStep()) return std::nullopt;
  return fine_tune_of(q);
}

std::vector<FineTuneRow> all_of(SQLite::Statement& q) {
  std::vector<FineTuneRow> rows;
  while (q.executeStep()) rows.push_back(fine_tune_of(q));
  return rows;
}

}  // namespace

void FineTunes::insert(const FineTuneRow& row) {
  SQLite::Statement q(db_,
                      "INSERT INTO fine_tunes (job_id, owner, body_hash, created_ms, repeated, request,"
                      " fine_tuned_model, results) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  q.bindNoCopy(1, row.job_id);
  q.bindNoCopy(2, row.owner);
  q.bindNoCopy(3, row.body_hash);
  q.bind(4, row.created_ms);
  q.bind(5, row.repeated ? 1 : 0);
  q.bindNoCopy(6, row.request);
  q.bindNoCopy(7, row.fine_tuned_model);
  q.bindNoCopy(8, row.results);
  q.exec();
}

bool FineTunes::set_results(const std::string& job_id, const std::string& results) {
  SQLite::Statement q(db_, "UPDATE fine_tunes SET results = ? WHERE job_id = ? AND results = ''");
  q.bindNoCopy(1, results);
  q.bindNoCopy(2, job_id);
  return q.exec() == 1;
}

std::optional<FineTuneRow> FineTunes::find(const std::string& job_id) const {
  SQLite::Statement q(db_, "SELECT " STOKER_FINE_TUNE_COLUMNS " FROM fine_tunes f WHERE f.job_id = ?");
  q.bindNoCopy(1, job_id);
  return one_of(q);
}

std::optional<FineTuneRow> FineTunes::find_model(const std::string& fine_tuned_model) const {
  SQLite::Statement q(db_, "SELECT " STOKER_FINE_TUNE_COLUMNS " FROM fine_tunes f WHERE f.fine_tuned_model = ?");
  q.bindNoCopy(1, fine_tuned_model);
  return one_of(q);
}

std::optional<FineTuneRow> FineTunes::find_body(const std::string& owner, const std::string& body_hash) const {
  SQLite::Statement q(db_, "SELECT " STOKER_FINE_TUNE_COLUMNS
                           " FROM fine_tunes f WHERE f.owner = ? AND f.body_hash = ? ORDER BY f.row DESC LIMIT 1");
  q.bindNoCopy(1, owner);
  q.bindNoCopy(2, body_hash);
  return one_of(q);
}

std::vector<FineTuneRow> FineTunes::list(int limit, const std::string& after) const {
  if (!after.empty() && !find(after)) throw Error(Fault::not_found, "no such job to list on from", {}, "after");
  SQLite::Statement q(db_, "SELECT " STOKER_FINE_TUNE_COLUMNS
                           " FROM fine_tunes f WHERE ?1 = '' OR f.row < (SELECT row FROM fine_tunes WHERE job_id = ?1)"
                           " ORDER BY f.row DESC LIMIT ?2");
  q.bindNoCopy(1, after);
  q.bind(2, std::max(limit, 0));
  return all_of(q);
}

std::vector<FineTuneRow> FineTunes::without_results() const {
  SQLite::Statement q(db_, "SELECT " STOKER_FINE_TUNE_COLUMNS
                           " FROM fine_tunes f JOIN jobs j ON j.id = f.job_id"
                           " WHERE f.results = '' AND j.state = 'succeeded'");
  return all_of(q);
}

std::vector<FineTuneRow> FineTunes::succeeded() const {
  SQLite::Statement q(db_, "SELECT " STOKER_FINE_TUNE_COLUMNS
                           " FROM fine_tunes f JOIN jobs j ON j.id = f.job_id"
                           " WHERE j.state = 'succeeded' ORDER BY f.row DESC");
  return all_of(q);
}

}  // namespace stoker::store
