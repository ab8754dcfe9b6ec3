#include "core/store/instances.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <iterator>

#include "core/error.h"

namespace stoker::store {
namespace {

constexpr const char* kPhases[] = {"intent", "unknown", "refused", "alive", "deleting", "gone"};

// Every column with its member, in one order for reading, inserting and updating. What an update leaves alone comes
// first.
constexpr int kIdentityColumns = 7;
template <typename Row, typename Visit>
void visit_columns(Row& row, Visit&& visit) {
  visit("id", row.id);
  visit("job_id", row.job_id);
  visit("attempt", row.attempt);
  visit("provider", row.provider);
  visit("account", row.account);
  visit("client_token", row.client_token);
  visit("created_ms", row.created_ms);
  visit("offer_id", row.offer_id);
  visit("offer_opaque", row.offer_opaque);
  visit("machine", row.machine);
  visit("region", row.region);
  visit("zone", row.zone);
  visit("phase", row.phase);
  visit("cloud_id", row.cloud_id);
  visit("cloud_opaque", row.cloud_opaque);
  visit("cloud_state", row.cloud_state);
  visit("ssh_host", row.ssh_host);
  visit("ssh_user", row.ssh_user);
  visit("host_public_key", row.host_public_key);
  visit("ssh_port", row.ssh_port);
  visit("price_micros", row.price_micros);
  visit("currency", row.currency);
  visit("last_create_ms", row.last_create_ms);
  visit("billed_from_ms", row.billed_from_ms);
  visit("deadline_ms", row.deadline_ms);
  visit("seen_alive", row.seen_alive);
  visit("absent_since_ms", row.absent_since_ms);
  visit("gone_ms", row.gone_ms);
  visit("reason", row.reason);
  visit("delete_attempts", row.delete_attempts);
  visit("kept", row.kept);
  visit("keep_until_ms", row.keep_until_ms);
  visit("tidied", row.tidied);
  visit("keep_idle_ms", row.keep_idle_ms);
  visit("busy_until_ms", row.busy_until_ms);
  visit("holder", row.holder);
  visit("made_deadline_ms", row.made_deadline_ms);
  visit("gpu_model", row.gpu_model);
  visit("image", row.image);
  visit("gpu_count", row.gpu_count);
  visit("disk_bytes", row.disk_bytes);
  visit("spot", row.spot);
  visit("serve_port", row.serve_port);
}

// A list of what `format` makes of each column's name.
std::string columns(const char* before, const char* after, int from = 0) {
  std::string list;
  int n = 0;
  const InstanceRow row;
  visit_columns(row, [&](const char* name, const auto&) {
    if (n++ >= from) list += (list.empty() ? "" : ", ") + std::string(before) + name + after;
  });
  return list;
}

void read(const SQLite::Column& column, std::string& value) { value = column.getString(); }
void read(const SQLite::Column& column, int& value) { value = column.getInt(); }
void read(const SQLite::Column& column, int64_t& value) { value = column.getInt64(); }
void read(const SQLite::Column& column, bool& value) { value = column.getInt() != 0; }
void read(const SQLite::Column& column, InstancePhase& value) { value = instance_phase(column.getString()); }

// Texts are borrowed: the row must live as long as the statement.
void bind(SQLite::Statement& q, int n, const std::string& value) { q.bindNoCopy(n, value); }
void bind(SQLite::Statement& q, int n, int value) { q.bind(n, value); }
void bind(SQLite::Statement& q, int n, int64_t value) { q.bind(n, value); }
void bind(SQLite::Statement& q, int n, bool value) { q.bind(n, value ? 1 : 0); }
void bind(SQLite::Statement& q, int n, InstancePhase value) { q.bind(n, to_string(value)); }

InstanceRow row_of(SQLite::Statement& q) {
  InstanceRow row;
  int n = 0;
  visit_columns(row, [&](const char*, auto& value) { read(q.getColumn(n++), value); });
  return row;
}

std::vector<InstanceRow> rows_of(SQLite::Statement& q) {
  std::vector<InstanceRow> rows;
  while (q.executeStep()) rows.push_back(row_of(q));
  return rows;
}

std::vector<UseRow> uses_of(SQLite::Statement& q, const std::string& id) {
  q.bindNoCopy(1, id);
  std::vector<UseRow> uses;
  while (q.executeStep())
    uses.push_back({q.getColumn(0).getString(), q.getColumn(1).getString(), q.getColumn(2).getInt(),
                    q.getColumn(3).getInt64(), q.getColumn(4).getInt64()});
  return uses;
}

std::string select(const char* rest) {
  static const std::string all = "SELECT " + columns("", "") + " FROM instances ";
  return all + rest;
}

}  // namespace

const char* to_string(InstancePhase phase) { return kPhases[static_cast<size_t>(phase)]; }

InstancePhase instance_phase(const std::string& name) {
  const auto found = std::find(std::begin(kPhases), std::end(kPhases), name);
  if (found == std::end(kPhases)) throw Error(Fault::internal, "unknown instance phase \"" + name + "\" in the store");
  return static_cast<InstancePhase>(found - std::begin(kPhases));
}

void Instances::insert(const InstanceRow& given) {
  InstanceRow row = given;
  if (row.holder.empty()) row.holder = row.job_id;
  static const std::string sql = "INSERT INTO instances (" + columns("", "") + ") VALUES (" + columns(":", "") + ")";
  SQLite::Statement q(db_, sql);
  int n = 0;
  visit_columns(row, [&](const char*, const auto& value) { bind(q, ++n, value); });
  q.exec();
  begin_use({row.id, row.job_id, row.attempt, row.created_ms, 0});
}

void Instances::update(const InstanceRow& row) {
  static const std::string sql = "UPDATE instances SET " + columns("", " = ?", kIdentityColumns) + " WHERE id = ?";
  SQLite::Statement q(db_, sql);
  int n = -kIdentityColumns;
  visit_columns(row, [&](const char*, const auto& value) {
    if (++n > 0) bind(q, n, value);
  });
  bind(q, n + 1, row.id);
  if (q.exec() == 0) throw Error(Fault::not_found, "no instance " + row.id);
}

std::optional<InstanceRow> Instances::find(const std::string& id) const {
  SQLite::Statement q(db_, select("WHERE id = ?"));
  q.bindNoCopy(1, id);
  if (!q.executeStep()) return std::nullopt;
  return row_of(q);
}

std::vector<InstanceRow> Instances::of_job(const std::string& job_id) const {
  SQLite::Statement q(db_, select("WHERE job_id = ? ORDER BY attempt, row"));
  q.bindNoCopy(1, job_id);
  return rows_of(q);
}

std::vector<InstanceRow> Instances::held_by(const std::string& job_id) const {
  SQLite::Statement q(db_, select("WHERE holder = ? ORDER BY row"));
  q.bindNoCopy(1, job_id);
  return rows_of(q);
}

std::vector<InstanceRow> Instances::open() const {
  SQLite::Statement q(db_, select("WHERE phase NOT IN ('refused', 'gone') ORDER BY row"));
  return rows_of(q);
}

std::vector<InstanceRow> Instances::untidy() const {
  SQLite::Statement q(db_, select("WHERE tidied = 0 AND phase IN ('refused', 'gone') ORDER BY row"));
  return rows_of(q);
}

std::vector<InstanceRow> Instances::recent(int64_t since_ms) const {
  // A refused one has no end of its own: it counts from the last create that was sent for it.
  SQLite::Statement q(db_, select("WHERE phase NOT IN ('refused', 'gone')"
                                  " OR max(gone_ms, last_create_ms, created_ms) > ? ORDER BY row"));
  q.bind(1, since_ms);
  return rows_of(q);
}

std::vector<InstanceRow> Instances::list(int limit, const std::string& after) const {
  if (!after.empty() && !find(after))
    throw Error(Fault::invalid, "no instance " + after + " to list on from", {}, "after");
  SQLite::Statement q(db_, select("WHERE ?1 = '' OR row < (SELECT row FROM instances WHERE id = ?1)"
                                  " ORDER BY row DESC LIMIT ?2"));
  q.bindNoCopy(1, after);
  q.bind(2, std::max(limit, 0));
  return rows_of(q);
}

std::vector<InstanceRow> Instances::kept() const {
  SQLite::Statement q(db_, select("WHERE phase = 'alive' AND kept = 1 ORDER BY row"));
  return rows_of(q);
}

void Instances::begin_use(const UseRow& use) {
  SQLite::Statement q(db_, "INSERT INTO uses (instance_id, job_id, attempt, from_ms, until_ms) VALUES (?, ?, ?, ?, ?)");
  q.bindNoCopy(1, use.instance_id);
  q.bindNoCopy(2, use.job_id);
  q.bind(3, use.attempt);
  q.bind(4, use.from_ms);
  q.bind(5, use.until_ms);
  q.exec();
}

void Instances::end_use(const std::string& id, int64_t until_ms) {
  SQLite::Statement q(db_, "UPDATE uses SET until_ms = ? WHERE instance_id = ? AND until_ms = 0");
  q.bind(1, until_ms);
  q.bindNoCopy(2, id);
  q.exec();
}

std::vector<UseRow> Instances::uses(const std::string& id) const {
  SQLite::Statement q(db_,
                      "SELECT instance_id, job_id, attempt, from_ms, until_ms FROM uses"
                      " WHERE instance_id = ? ORDER BY row");
  return uses_of(q, id);
}

std::vector<UseRow> Instances::uses_by_job(const std::string& job_id) const {
  SQLite::Statement q(db_,
                      "SELECT instance_id, job_id, attempt, from_ms, until_ms FROM uses"
                      " WHERE job_id = ? ORDER BY row");
  return uses_of(q, job_id);
}

void Instances::remember_region(const std::string& account, const std::string& region) {
  SQLite::Statement q(db_, "INSERT OR IGNORE INTO regions (account, region) VALUES (?, ?)");
  q.bindNoCopy(1, account);
  q.bindNoCopy(2, region);
  q.exec();
}

std::vector<std::pair<std::string, std::string>> Instances::regions() const {
  SQLite::Statement q(db_, "SELECT account, region FROM regions ORDER BY account, region");
  std::vector<std::pair<std::string, std::string>> regions;
  while (q.executeStep()) regions.emplace_back(q.getColumn(0).getString(), q.getColumn(1).getString());
  return regions;
}

}  // namespace stoker::store
