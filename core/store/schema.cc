#include "core/store/schema.h"

#include <iterator>
#include <string>

#include "core/error.h"

namespace stoker::store {
namespace {

constexpr int kApplicationId = 0x53746b72;  // "Stkr", so that file(1) and we can tell our files

// Money is in millionths, times are ms since 1970. Rows are numbered in order of insertion by `row`.
// instances refers to no other table: what is rented must be recordable whatever else is missing.
constexpr const char* kFirstSchema = R"sql(
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE jobs (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  owner TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  hint TEXT NOT NULL,
  exit_code INTEGER,
  cancel_requested INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  instance_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL,
  log_bytes INTEGER NOT NULL,
  parser TEXT NOT NULL,
  parser_score INTEGER NOT NULL,
  parser_events INTEGER NOT NULL,
  last_seq INTEGER NOT NULL
);
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (owner, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX jobs_by_state ON jobs (state);

CREATE TABLE events (
  job INTEGER NOT NULL REFERENCES jobs (row),
  seq INTEGER NOT NULL,
  t_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX events_by_kind ON events (job, kind, seq);

CREATE TABLE instances (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  job_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  provider TEXT NOT NULL,
  client_token TEXT NOT NULL,
  offer_id TEXT NOT NULL,
  offer_opaque TEXT NOT NULL,
  machine TEXT NOT NULL,
  region TEXT NOT NULL,
  zone TEXT NOT NULL,
  phase TEXT NOT NULL,
  cloud_id TEXT NOT NULL,
  cloud_opaque TEXT NOT NULL,
  cloud_state TEXT NOT NULL,
  ssh_host TEXT NOT NULL,
  ssh_user TEXT NOT NULL,
  host_public_key TEXT NOT NULL,
  ssh_port INTEGER NOT NULL,
  price_micros INTEGER NOT NULL,
  currency TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  last_create_ms INTEGER NOT NULL,
  billed_from_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL,
  seen_alive INTEGER NOT NULL,
  absent_since_ms INTEGER NOT NULL,
  gone_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  delete_attempts INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  keep_until_ms INTEGER NOT NULL
);
CREATE INDEX instances_by_job ON instances (job_id, attempt);
CREATE INDEX instances_by_phase ON instances (phase);

CREATE TABLE regions (
  provider TEXT NOT NULL,
  region TEXT NOT NULL,
  PRIMARY KEY (provider, region)
) WITHOUT ROWID;

CREATE TABLE artifacts (
  job_id TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  xxh3 TEXT NOT NULL,
  complete INTEGER NOT NULL,
  PRIMARY KEY (job_id, path)
) WITHOUT ROWID;

CREATE TABLE files (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
);

CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  nonce BLOB NOT NULL,
  box BLOB NOT NULL
) WITHOUT ROWID;
)sql";

void create(Connection& connection) {
  connection.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  connection.exec(kFirstSchema);
}

// Accounts of clouds. A machine of before belongs to a provider that needs none, and left nothing beside itself.
constexpr const char* kAccounts = R"sql(
CREATE TABLE accounts (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  provider TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  cloud_id TEXT NOT NULL,
  cloud_name TEXT NOT NULL,
  balance_micros INTEGER,
  currency TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  checked_ms INTEGER NOT NULL,
  problem TEXT NOT NULL,
  hint TEXT NOT NULL
);

ALTER TABLE instances ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN tidied INTEGER NOT NULL DEFAULT 1;
UPDATE instances SET account = provider;

ALTER TABLE regions RENAME COLUMN provider TO account;
)sql";

void add_accounts(Connection& connection) { connection.exec(kAccounts); }

// Who and what a user lets in: the tokens of apps, and the SSH keys for rented machines.
constexpr const char* kAccess = R"sql(
CREATE TABLE tokens (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sha256 BLOB NOT NULL,
  scope TEXT NOT NULL,
  origins TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  last_used_ms INTEGER NOT NULL,
  revoked_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX tokens_by_live_name ON tokens (name) WHERE revoked_ms = 0;

CREATE TABLE ssh_keys (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL
);
)sql";

void add_access(Connection& connection) { connection.exec(kAccess); }

// Files say what they are for, and jobs what a client of a managed fine-tuning API asked for.
constexpr const char* kFineTunes = R"sql(
ALTER TABLE files ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN form TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN examples INTEGER NOT NULL DEFAULT 0;
ALTER TABLE files ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE files ADD COLUMN expires_ms INTEGER NOT NULL DEFAULT 0;

CREATE TABLE fine_tunes (
  row INTEGER PRIMARY KEY,
  job_id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  repeated INTEGER NOT NULL,
  request TEXT NOT NULL,
  fine_tuned_model TEXT NOT NULL,
  results TEXT NOT NULL
);
CREATE INDEX fine_tunes_by_body ON fine_tunes (owner, body_hash);
CREATE INDEX fine_tunes_by_model ON fine_tunes (fine_tuned_model);
)sql";

void add_fine_tunes(Connection& connection) { connection.exec(kFineTunes); }

// Machines that serve one job after the other. What is known of those of before: who made them, and not what they are.
constexpr const char* kUses = R"sql(
CREATE TABLE uses (
  row INTEGER PRIMARY KEY,
  instance_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
);
CREATE INDEX uses_by_instance ON uses (instance_id);
CREATE INDEX uses_by_job ON uses (job_id);

ALTER TABLE instances ADD COLUMN keep_idle_ms INTEGER NOT NULL DEFAULT -1;
ALTER TABLE instances ADD COLUMN busy_until_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN made_deadline_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN gpu_model TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN image TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN gpu_count INTEGER NOT NULL DEFAULT -1;
ALTER TABLE instances ADD COLUMN disk_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN spot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN serve_port INTEGER NOT NULL DEFAULT 0;
UPDATE instances SET holder = job_id, made_deadline_ms = deadline_ms;
INSERT INTO uses (instance_id, job_id, attempt, from_ms, until_ms)
  SELECT id, job_id, attempt, created_ms,
    CASE WHEN kept THEN coalesce((SELECT ended_ms FROM jobs WHERE jobs.id = job_id), 0) ELSE 0 END
  FROM instances ORDER BY row;
)sql";

void add_uses(Connection& connection) { connection.exec(kUses); }

// Entry N leads from schema N to N + 1.
using Migration = void (*)(Connection&);
constexpr Migration kMigrations[] = {create, add_accounts, add_access, add_fine_tunes, add_uses};
static_assert(std::size(kMigrations) == Database::kSchemaVersion);

int schema_version(Connection& connection) { return connection.execAndGet("PRAGMA user_version").getInt(); }

}  // namespace

void require_known_schema(Connection& connection, const std::filesystem::path& file) {
  const int version = schema_version(connection);
  if (version < 0 || version > Database::kSchemaVersion)
    throw Error(Fault::invalid,
                file.string() + " is from a newer stoker (schema " + std::to_string(version) + ", this one knows " +
                    std::to_string(Database::kSchemaVersion) + ")",
                "install the newer version again, or give this one another state folder");
  const bool ours = connection.execAndGet("PRAGMA application_id").getInt() == kApplicationId;
  const bool empty = connection.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  if (!ours && !(version == 0 && empty))
    throw Error(Fault::invalid, file.string() + " is a database of another program",
                "give stoker another state folder");
}

void migrate(Connection& connection) {
  while (schema_version(connection) < Database::kSchemaVersion) {
    connection.exec("BEGIN IMMEDIATE");
    try {
      // Read again inside the transaction: another process may have been quicker.
      const int version = schema_version(connection);
      if (version < Database::kSchemaVersion) {
        kMigrations[version](connection);
        connection.exec("PRAGMA user_version = " + std::to_string(version + 1));
      }
      connection.exec("COMMIT");
    } catch (...) {
      connection.tryExec("ROLLBACK");
      throw;
    }
  }
}

}  // namespace stoker::store
