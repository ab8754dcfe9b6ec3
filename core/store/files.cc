#include "core/store/files.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>

#include "core/error.h"

namespace stoker::store {
namespace {

#define STOKER_FILE_COLUMNS "id, name, owner, size, created_ms, purpose, form, examples, tokens, expires_ms"

FileRow file_of(SQLite::Statement& q) {
  FileRow row;
  row.id = q.getColumn(0).getString();
  row.name = q.getColumn(1).getString();
  row.owner = q.getColumn(2).getString();
  row.size = q.getColumn(3).getInt64();
  row.created_ms = q.getColumn(4).getInt64();
  row.purpose = q.getColumn(5).getString();
  row.form = q.getColumn(6).getString();
  row.examples = q.getColumn(7).getInt64();
  row.tokens = q.getColumn(8).getInt64();
  row.expires_ms = q.getColumn(9).getInt64();
  return row;
}

std::vector<FileRow> rows_of(SQLite::Statement& q) {
  std::vector<FileRow> rows;
  while (q.executeStep()) rows.push_back(file_of(q));
  return rows;
}

}  // namespace

void Files::insert(const FileRow& row) {
  SQLite::Statement q(db_, "INSERT INTO files (" STOKER_FILE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  q.bindNoCopy(1, row.id);
  q.bindNoCopy(2, row.name);
  q.bindNoCopy(3, row.owner);
  q.bind(4, row.size);
  q.bind(5, row.created_ms);
  q.bindNoCopy(6, row.purpose);
  q.bindNoCopy(7, row.form);
  q.bind(8, row.examples);
  q.bind(9, row.tokens);
  q.bind(10, row.expires_ms);
  q.exec();
}

void Files::remove(const std::string& id) {
  SQLite::Statement q(db_, "DELETE FROM files WHERE id = ?");
  q.bindNoCopy(1, id);
  if (q.exec() == 0) throw Error(Fault::not_found, "no file " + id);
}

std::optional<FileRow> Files::find(const std::string& id) const {
  SQLite::Statement q(db_, "SELECT " STOKER_FILE_COLUMNS " FROM files WHERE id = ?");
  q.bindNoCopy(1, id);
  if (!q.executeStep()) return std::nullopt;
  return file_of(q);
}

std::vector<FileRow> Files::list(int limit, const std::string& after) const {
  if (!after.empty() && !find(after)) throw Error(Fault::invalid, "no file " + after + " to list on from", {}, "after");
  SQLite::Statement q(db_, "SELECT " STOKER_FILE_COLUMNS
                           " FROM files"
                           " WHERE ?1 = '' OR row < (SELECT row FROM files WHERE id = ?1) ORDER BY row DESC LIMIT ?2");
  q.bindNoCopy(1, after);
  q.bind(2, std::max(limit, 0));
  return rows_of(q);
}

std::vector<FileRow> Files::expired(int64_t now_ms) const {
  SQLite::Statement q(db_, "SELECT " STOKER_FILE_COLUMNS " FROM files WHERE expires_ms > 0 AND expires_ms <= ?");
  q.bind(1, now_ms);
  return rows_of(q);
}

}  // namespace stoker::store
