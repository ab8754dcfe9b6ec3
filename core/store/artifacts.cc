#include "core/store/artifacts.h"

#include <SQLiteCpp/Statement.h>

namespace stoker::store {
namespace {

ArtifactRow artifact_of(SQLite::Statement& q) {
  return {q.getColumn(0).getString(), q.getColumn(1).getString(), q.getColumn(2).getInt64(), q.getColumn(3).getString(),
          q.getColumn(4).getInt() != 0};
}

}  // namespace

void Artifacts::put(const ArtifactRow& row) {
  SQLite::Statement q(db_,
                      "INSERT INTO artifacts (job_id, path, size, xxh3, complete) VALUES (?, ?, ?, ?, ?)"
                      " ON CONFLICT (job_id, path) DO UPDATE SET size = excluded.size, xxh3 = excluded.xxh3,"
                      " complete = excluded.complete");
  q.bindNoCopy(1, row.job_id);
  q.bindNoCopy(2, row.path);
  q.bind(3, row.size);
  q.bindNoCopy(4, row.xxh3);
  q.bind(5, row.complete ? 1 : 0);
  q.exec();
}

void Artifacts::erase(const std::string& job_id, const std::string& path) {
  SQLite::Statement q(db_, "DELETE FROM artifacts WHERE job_id = ? AND path = ?");
  q.bindNoCopy(1, job_id);
  q.bindNoCopy(2, path);
  q.exec();
}

std::optional<ArtifactRow> Artifacts::find(const std::string& job_id, const std::string& path) const {
  SQLite::Statement q(db_, "SELECT job_id, path, size, xxh3, complete FROM artifacts WHERE job_id = ? AND path = ?");
  q.bindNoCopy(1, job_id);
  q.bindNoCopy(2, path);
  if (!q.executeStep()) return std::nullopt;
  return artifact_of(q);
}

std::vector<ArtifactRow> Artifacts::of_job(const std::string& job_id) const {
  SQLite::Statement q(db_, "SELECT job_id, path, size, xxh3, complete FROM artifacts WHERE job_id = ? ORDER BY path");
  q.bindNoCopy(1, job_id);
  std::vector<ArtifactRow> rows;
  while (q.executeStep()) rows.push_back(artifact_of(q));
  return rows;
}

}  // namespace stoker::store
