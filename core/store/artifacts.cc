#include "core/store/artifacts.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>

#include "core/error.h"

namespace stoker::store {
namespace {

ArtifactRow artifact_of(SQLite::Statement& q) {
  return {q.getColumn(0).getString(), q.getColumn(1).getString(), q.getColumn(2).getInt64(), q.getColumn(3).getString(),
          q.getColumn(4).getInt() != 0};
}

FileRow file_of(SQLite::Statement& q) {
  return {q.getColumn(0).getString(), q.getColumn(1).getString(), q.getColumn(2).getString(), q.getColumn(3).getInt64(),
          q.getColumn(4).getInt64()};
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

void Files::insert(const FileRow& row) {
  SQLite::Statement q(db_, "INSERT INTO files (id, name, owner, size, created_ms) VALUES (?, ?, ?, ?, ?)");
  q.bindNoCopy(1, row.id);
  q.bindNoCopy(2, row.name);
  q.bindNoCopy(3, row.owner);
  q.bind(4, row.size);
  q.bind(5, row.created_ms);
  q.exec();
}

void Files::remove(const std::string& id) {
  SQLite::Statement q(db_, "DELETE FROM files WHERE id = ?");
  q.bindNoCopy(1, id);
  if (q.exec() == 0) throw Error(Fault::not_found, "no file " + id);
}

std::optional<FileRow> Files::find(const std::string& id) const {
  SQLite::Statement q(db_, "SELECT id, name, owner, size, created_ms FROM files WHERE id = ?");
  q.bindNoCopy(1, id);
  if (!q.executeStep()) return std::nullopt;
  return file_of(q);
}

std::vector<FileRow> Files::list(int limit, const std::string& after) const {
  if (!after.empty() && !find(after)) throw Error(Fault::invalid, "no file " + after + " to list on from", {}, "after");
  SQLite::Statement q(db_,
                      "SELECT id, name, owner, size, created_ms FROM files"
                      " WHERE ?1 = '' OR row < (SELECT row FROM files WHERE id = ?1) ORDER BY row DESC LIMIT ?2");
  q.bindNoCopy(1, after);
  q.bind(2, std::max(limit, 0));
  std::vector<FileRow> rows;
  while (q.executeStep()) rows.push_back(file_of(q));
  return rows;
}

}  // namespace stoker::store
