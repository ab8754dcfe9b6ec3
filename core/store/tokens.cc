#include "core/store/tokens.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>

namespace stoker::store {
namespace {

constexpr const char* kSelect =
    "SELECT id, name, sha256, scope, origins, created_ms, last_used_ms, revoked_ms FROM tokens WHERE revoked_ms = 0 ";

// No origin has a line feed in it.
std::string joined(const std::vector<std::string>& origins) {
  std::string text;
  for (const std::string& origin : origins) text += origin + "\n";
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> origins;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    origins.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return origins;
}

TokenRow row_of(SQLite::Statement& q) {
  TokenRow row;
  row.id = q.getColumn(0).getString();
  row.name = q.getColumn(1).getString();
  const SQLite::Column hash = q.getColumn(2);
  if (static_cast<size_t>(hash.getBytes()) != row.sha256.size())
    throw Error(Fault::internal, "the hash of token " + row.id + " is damaged in the store");
  std::copy_n(static_cast<const unsigned char*>(hash.getBlob()), row.sha256.size(), row.sha256.begin());
  row.scope = q.getColumn(3).getString();
  row.origins = split(q.getColumn(4).getString());
  row.created_ms = q.getColumn(5).getInt64();
  row.last_used_ms = q.getColumn(6).getInt64();
  row.revoked_ms = q.getColumn(7).getInt64();
  return row;
}

}  // namespace

void Tokens::insert(const TokenRow& row) {
  SQLite::Statement q(db_,
                      "INSERT INTO tokens (id, name, sha256, scope, origins, created_ms, last_used_ms, revoked_ms) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  q.bind(1, row.id);
  q.bind(2, row.name);
  q.bind(3, row.sha256.data(), static_cast<int>(row.sha256.size()));
  q.bind(4, row.scope);
  q.bind(5, joined(row.origins));
  q.bind(6, row.created_ms);
  q.bind(7, row.last_used_ms);
  q.bind(8, row.revoked_ms);
  q.exec();
}

void Tokens::revoke(const std::string& id, int64_t now_ms) {
  SQLite::Statement q(db_, "UPDATE tokens SET revoked_ms = ? WHERE id = ? AND revoked_ms = 0");
  q.bind(1, now_ms);
  q.bind(2, id);
  if (q.exec() == 0) throw Error(Fault::not_found, "there is no token " + id, "stoker tokens lists them");
}

void Tokens::note_use(const std::string& id, int64_t now_ms) {
  SQLite::Statement q(db_, "UPDATE tokens SET last_used_ms = ? WHERE id = ?");
  q.bind(1, now_ms);
  q.bind(2, id);
  q.exec();
}

std::optional<TokenRow> Tokens::find_live(const std::string& name) const {
  SQLite::Statement q(db_, std::string(kSelect) + "AND name = ?");
  q.bind(1, name);
  if (!q.executeStep()) return std::nullopt;
  return row_of(q);
}

std::vector<TokenRow> Tokens::live() const {
  SQLite::Statement q(db_, std::string(kSelect) + "ORDER BY row");
  std::vector<TokenRow> rows;
  while (q.executeStep()) rows.push_back(row_of(q));
  return rows;
}

}  // namespace stoker::store
