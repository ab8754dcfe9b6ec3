#include "core/store/ssh_keys.h"

#include <SQLiteCpp/Statement.h>

namespace stoker::store {

void SshKeys::insert(const SshKeyRow& row) {
  for (const SshKeyRow& other : all()) {
    if (other.name == row.name)
      throw Error(Fault::conflict, "the name " + row.name + " is taken by SSH key " + other.id,
                  "choose another name, or remove that key first", "name");
    if (other.public_key == row.public_key)
      throw Error(Fault::conflict, "this key is there already, as " + other.name, {}, "public_key");
  }
  SQLite::Statement q(db_, "INSERT INTO ssh_keys (id, name, public_key, created_ms) VALUES (?, ?, ?, ?)");
  q.bind(1, row.id);
  q.bind(2, row.name);
  q.bind(3, row.public_key);
  q.bind(4, row.created_ms);
  q.exec();
}

void SshKeys::erase(const std::string& id) {
  SQLite::Statement q(db_, "DELETE FROM ssh_keys WHERE id = ?");
  q.bind(1, id);
  if (q.exec() == 0) throw Error(Fault::not_found, "there is no SSH key " + id, "stoker keys lists them");
}

std::vector<SshKeyRow> SshKeys::all() const {
  SQLite::Statement q(db_, "SELECT id, name, public_key, created_ms FROM ssh_keys ORDER BY row");
  std::vector<SshKeyRow> rows;
  while (q.executeStep()) {
    SshKeyRow row;
    row.id = q.getColumn(0).getString();
    row.name = q.getColumn(1).getString();
    row.public_key = q.getColumn(2).getString();
    row.created_ms = q.getColumn(3).getInt64();
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace stoker::store
