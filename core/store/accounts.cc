#include "core/store/accounts.h"

#include <SQLiteCpp/Statement.h>
#include <simdjson.h>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::store {
namespace {

constexpr const char* kSelect =
    "SELECT id, provider, name, settings, cloud_id, cloud_name, balance_micros, currency, created_ms, checked_ms, "
    "problem, hint FROM accounts ";

std::string settings_json(const AccountRow& row) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [key, value] : row.settings) json.member(key, value);
  return json.end_object().str();
}

std::vector<std::pair<std::string, std::string>> settings_of(const std::string& id, const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(text).get(object) != simdjson::SUCCESS)
    throw Error(Fault::internal, "the settings of account " + id + " are damaged in the store");
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto [key, value] : object)
    settings.emplace_back(std::string(key), std::string(value.get_string().value_unsafe()));
  return settings;
}

AccountRow row_of(SQLite::Statement& q) {
  AccountRow row;
  row.id = q.getColumn(0).getString();
  row.provider = q.getColumn(1).getString();
  row.name = q.getColumn(2).getString();
  row.settings = settings_of(row.id, q.getColumn(3).getString());
  row.cloud_id = q.getColumn(4).getString();
  row.cloud_name = q.getColumn(5).getString();
  if (!q.getColumn(6).isNull()) row.balance_micros = q.getColumn(6).getInt64();
  row.currency = q.getColumn(7).getString();
  row.created_ms = q.getColumn(8).getInt64();
  row.checked_ms = q.getColumn(9).getInt64();
  row.problem = q.getColumn(10).getString();
  row.hint = q.getColumn(11).getString();
  return row;
}

void bind_balance(SQLite::Statement& q, int n, const AccountRow& row) {
  row.balance_micros ? q.bind(n, *row.balance_micros) : q.bind(n);
}

}  // namespace

void Accounts::insert(const AccountRow& row) {
  SQLite::Statement q(db_,
                      "INSERT INTO accounts (id, provider, name, settings, cloud_id, cloud_name, balance_micros, "
                      "currency, created_ms, checked_ms, problem, hint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  q.bind(1, row.id);
  q.bind(2, row.provider);
  q.bind(3, row.name);
  q.bind(4, settings_json(row));
  q.bind(5, row.cloud_id);
  q.bind(6, row.cloud_name);
  bind_balance(q, 7, row);
  q.bind(8, row.currency);
  q.bind(9, row.created_ms);
  q.bind(10, row.checked_ms);
  q.bind(11, row.problem);
  q.bind(12, row.hint);
  q.exec();
}

void Accounts::update(const AccountRow& row) {
  SQLite::Statement q(db_,
                      "UPDATE accounts SET name = ?, settings = ?, cloud_id = ?, cloud_name = ?, balance_micros = ?, "
                      "currency = ?, checked_ms = ?, problem = ?, hint = ? WHERE id = ?");
  q.bind(1, row.name);
  q.bind(2, settings_json(row));
  q.bind(3, row.cloud_id);
  q.bind(4, row.cloud_name);
  bind_balance(q, 5, row);
  q.bind(6, row.currency);
  q.bind(7, row.checked_ms);
  q.bind(8, row.problem);
  q.bind(9, row.hint);
  q.bind(10, row.id);
  if (q.exec() == 0) throw Error(Fault::not_found, "no account " + row.id, "stoker accounts lists them");
}

void Accounts::erase(const std::string& id) {
  for (const char* sql : {"DELETE FROM regions WHERE account = ?", "DELETE FROM accounts WHERE id = ?"}) {
    SQLite::Statement q(db_, sql);
    q.bind(1, id);
    q.exec();
  }
}

std::optional<AccountRow> Accounts::find(const std::string& id) const {
  SQLite::Statement q(db_, std::string(kSelect) + "WHERE id = ?");
  q.bind(1, id);
  if (!q.executeStep()) return std::nullopt;
  return row_of(q);
}

std::vector<AccountRow> Accounts::all() const {
  SQLite::Statement q(db_, std::string(kSelect) + "ORDER BY row");
  std::vector<AccountRow> rows;
  while (q.executeStep()) rows.push_back(row_of(q));
  return rows;
}

}  // namespace stoker::store
