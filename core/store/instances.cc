#include "core/store/instances.h"

#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <iterator>

#include "core/error.h"

namespace stoker::store {
namespace {

constexpr const char* kPhases[] = {"intent", "unknown", "refused", "alive", "deleting", "gone"};

constexpr const char* kColumns =
    "id, job_id, attempt, provider, client_token, offer_id, offer_opaque, machine, region, zone, phase, cloud_id, "
    "cloud_opaque, cloud_state, ssh_host, ssh_user, host_public_key, ssh_port, price_micros, currency, created_ms, "
    "last_create_ms, billed_from_ms, deadline_ms, seen_alive, absent_since_ms, gone_ms, reason, delete_attempts, "
    "kept, keep_until_ms";

InstanceRow row_of(SQLite::Statement& q) {
  InstanceRow row;
  row.id = q.getColumn(0).getString();
  row.job_id = q.getColumn(1).getString();
  row.attempt = q.getColumn(2).getInt();
  row.provider = q.getColumn(3).getString();
  row.client_token = q.getColumn(4).getString();
  row.offer_id = q.getColumn(5).getString();
  row.offer_opaque = q.getColumn(6).getString();
  row.machine = q.getColumn(7).getString();
  row.region = q.getColumn(8).getString();
  row.zone = q.getColumn(9).getString();
  row.phase = instance_phase(q.getColumn(10).getString());
  row.cloud_id = q.getColumn(11).getString();
  row.cloud_opaque = q.getColumn(12).getString();
  row.cloud_state = q.getColumn(13).getString();
  row.ssh_host = q.getColumn(14).getString();
  row.ssh_user = q.getColumn(15).getString();
  row.host_public_key = q.getColumn(16).getString();
  row.ssh_port = q.getColumn(17).getInt();
  row.price_micros = q.getColumn(18).getInt64();
  row.currency = q.getColumn(19).getString();
  row.created_ms = q.getColumn(20).getInt64();
  row.last_create_ms = q.getColumn(21).getInt64();
  row.billed_from_ms = q.getColumn(22).getInt64();
  row.deadline_ms = q.getColumn(23).getInt64();
  row.seen_alive = q.getColumn(24).getInt() != 0;
  row.absent_since_ms = q.getColumn(25).getInt64();
  row.gone_ms = q.getColumn(26).getInt64();
  row.reason = q.getColumn(27).getString();
  row.delete_attempts = q.getColumn(28).getInt();
  row.kept = q.getColumn(29).getInt() != 0;
  row.keep_until_ms = q.getColumn(30).getInt64();
  return row;
}

std::vector<InstanceRow> rows_of(SQLite::Statement& q) {
  std::vector<InstanceRow> rows;
  while (q.executeStep()) rows.push_back(row_of(q));
  return rows;
}

std::string select(const char* rest) { return std::string("SELECT ") + kColumns + " FROM instances " + rest; }

}  // namespace

const char* to_string(InstancePhase phase) { return kPhases[static_cast<size_t>(phase)]; }

InstancePhase instance_phase(const std::string& name) {
  const auto found = std::find(std::begin(kPhases), std::end(kPhases), name);
  if (found == std::end(kPhases)) throw Error(Fault::internal, "unknown instance phase \"" + name + "\" in the store");
  return static_cast<InstancePhase>(found - std::begin(kPhases));
}

void Instances::insert(const InstanceRow& row) {
  SQLite::Statement q(
      db_,
      std::string("INSERT INTO instances (") + kColumns +
          ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int n = 0;
  q.bindNoCopy(++n, row.id);
  q.bindNoCopy(++n, row.job_id);
  q.bind(++n, row.attempt);
  q.bindNoCopy(++n, row.provider);
  q.bindNoCopy(++n, row.client_token);
  q.bindNoCopy(++n, row.offer_id);
  q.bindNoCopy(++n, row.offer_opaque);
  q.bindNoCopy(++n, row.machine);
  q.bindNoCopy(++n, row.region);
  q.bindNoCopy(++n, row.zone);
  q.bind(++n, to_string(row.phase));
  q.bindNoCopy(++n, row.cloud_id);
  q.bindNoCopy(++n, row.cloud_opaque);
  q.bindNoCopy(++n, row.cloud_state);
  q.bindNoCopy(++n, row.ssh_host);
  q.bindNoCopy(++n, row.ssh_user);
  q.bindNoCopy(++n, row.host_public_key);
  q.bind(++n, row.ssh_port);
  q.bind(++n, row.price_micros);
  q.bindNoCopy(++n, row.currency);
  q.bind(++n, row.created_ms);
  q.bind(++n, row.last_create_ms);
  q.bind(++n, row.billed_from_ms);
  q.bind(++n, row.deadline_ms);
  q.bind(++n, row.seen_alive ? 1 : 0);
  q.bind(++n, row.absent_since_ms);
  q.bind(++n, row.gone_ms);
  q.bindNoCopy(++n, row.reason);
  q.bind(++n, row.delete_attempts);
  q.bind(++n, row.kept ? 1 : 0);
  q.bind(++n, row.keep_until_ms);
  q.exec();
}

void Instances::update(const InstanceRow& row) {
  SQLite::Statement q(db_,
                      "UPDATE instances SET "
                      "offer_id = ?, offer_opaque = ?, machine = ?, region = ?, zone = ?, phase = ?, cloud_id = ?, "
                      "cloud_opaque = ?, cloud_state = ?, ssh_host = ?, ssh_user = ?, host_public_key = ?, "
                      "ssh_port = ?, price_micros = ?, currency = ?, last_create_ms = ?, billed_from_ms = ?, "
                      "deadline_ms = ?, seen_alive = ?, absent_since_ms = ?, gone_ms = ?, reason = ?, "
                      "delete_attempts = ?, kept = ?, keep_until_ms = ?"
                      " WHERE id = ?");
  int n = 0;
  q.bindNoCopy(++n, row.offer_id);
  q.bindNoCopy(++n, row.offer_opaque);
  q.bindNoCopy(++n, row.machine);
  q.bindNoCopy(++n, row.region);
  q.bindNoCopy(++n, row.zone);
  q.bind(++n, to_string(row.phase));
  q.bindNoCopy(++n, row.cloud_id);
  q.bindNoCopy(++n, row.cloud_opaque);
  q.bindNoCopy(++n, row.cloud_state);
  q.bindNoCopy(++n, row.ssh_host);
  q.bindNoCopy(++n, row.ssh_user);
  q.bindNoCopy(++n, row.host_public_key);
  q.bind(++n, row.ssh_port);
  q.bind(++n, row.price_micros);
  q.bindNoCopy(++n, row.currency);
  q.bind(++n, row.last_create_ms);
  q.bind(++n, row.billed_from_ms);
  q.bind(++n, row.deadline_ms);
  q.bind(++n, row.seen_alive ? 1 : 0);
  q.bind(++n, row.absent_since_ms);
  q.bind(++n, row.gone_ms);
  q.bindNoCopy(++n, row.reason);
  q.bind(++n, row.delete_attempts);
  q.bind(++n, row.kept ? 1 : 0);
  q.bind(++n, row.keep_until_ms);
  q.bindNoCopy(++n, row.id);
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

std::vector<InstanceRow> Instances::open() const {
  SQLite::Statement q(db_, select("WHERE phase NOT IN ('refused', 'gone') ORDER BY row"));
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

void Instances::remember_region(const std::string& provider, const std::string& region) {
  SQLite::Statement q(db_, "INSERT OR IGNORE INTO regions (provider, region) VALUES (?, ?)");
  q.bindNoCopy(1, provider);
  q.bindNoCopy(2, region);
  q.exec();
}

std::vector<std::pair<std::string, std::string>> Instances::regions() const {
  SQLite::Statement q(db_, "SELECT provider, region FROM regions ORDER BY provider, region");
  std::vector<std::pair<std::string, std::string>> regions;
  while (q.executeStep()) regions.emplace_back(q.getColumn(0).getString(), q.getColumn(1).getString());
  return regions;
}

}  // namespace stoker::store
