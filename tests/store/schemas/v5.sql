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
CREATE TABLE artifacts (
  job_id TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  xxh3 TEXT NOT NULL,
  complete INTEGER NOT NULL,
  PRIMARY KEY (job_id, path)
) WITHOUT ROWID;
CREATE TABLE events (
  job INTEGER NOT NULL REFERENCES jobs (row),
  seq INTEGER NOT NULL,
  t_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE INDEX events_by_kind ON events (job, kind, seq);
CREATE TABLE files (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
, purpose TEXT NOT NULL DEFAULT '', form TEXT NOT NULL DEFAULT '', examples INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0, expires_ms INTEGER NOT NULL DEFAULT 0);
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
, account TEXT NOT NULL DEFAULT '', tidied INTEGER NOT NULL DEFAULT 1, keep_idle_ms INTEGER NOT NULL DEFAULT -1, busy_until_ms INTEGER NOT NULL DEFAULT 0, holder TEXT NOT NULL DEFAULT '', made_deadline_ms INTEGER NOT NULL DEFAULT 0, gpu_model TEXT NOT NULL DEFAULT '', image TEXT NOT NULL DEFAULT '', gpu_count INTEGER NOT NULL DEFAULT -1, disk_bytes INTEGER NOT NULL DEFAULT 0, spot INTEGER NOT NULL DEFAULT 0, serve_port INTEGER NOT NULL DEFAULT 0);
CREATE INDEX instances_by_job ON instances (job_id, attempt);
CREATE INDEX instances_by_phase ON instances (phase);
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
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE regions (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  PRIMARY KEY (account, region)
) WITHOUT ROWID;
CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  nonce BLOB NOT NULL,
  box BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE ssh_keys (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  public_key TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL
);
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
