// Table `instances`: every machine that was ever intended, from the intent until it is confirmed gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

// intent    committed, create not yet sent or its answer not yet recorded (recovery treats it as unknown)
// unknown   a create was sent, its outcome is not known
// refused   definitely never made
// alive     has an id at the cloud
// deleting  to be deleted, for ever, until confirmed gone
// gone      absent twice, by id and by list, a settle time apart
enum class InstancePhase { intent, unknown, refused, alive, deleting, gone };
const char* to_string(InstancePhase phase);
InstancePhase instance_phase(const std::string& name);

struct InstanceRow {
  std::string id;  // stk-<install:8>-<job>-<attempt>: also name and tag at the cloud
  std::string job_id;
  int attempt = 0;
  std::string provider;
  std::string account;  // of the provider; the provider's own id where it needs none
  std::string client_token;
  std::string offer_id, offer_opaque, machine, region, zone;
  InstancePhase phase = InstancePhase::intent;
  std::string cloud_id, cloud_opaque;  // of the provider; empty until known
  std::string cloud_state;             // the provider's own words, for people
  std::string ssh_host, ssh_user, host_public_key;
  int ssh_port = 22;
  int64_t price_micros = 0;  // per hour, as the create answer gave it, else as quoted
  std::string currency = "USD";
  int64_t created_ms = 0;      // intent, ms since 1970
  int64_t last_create_ms = 0;  // when create was last sent
  int64_t billed_from_ms = 0;  // first known alive; 0: never
  int64_t deadline_ms = 0;     // after it the machine has no right to live
  bool seen_alive = false;
  int64_t absent_since_ms = 0;  // first clean absence; 0: none
  int64_t gone_ms = 0;
  std::string reason;  // why it is being deleted or was refused
  int delete_attempts = 0;
  bool kept = false;             // outlives its job
  int64_t keep_until_ms = 0;     // idle deadline while kept; 0: until destroyed
  bool tidied = true;            // false while what was made beside the machine (an SSH key) may still be at the cloud
  int64_t keep_idle_ms = -1;     // how long it may be idle each time it is kept; -1: no limit
  int64_t busy_until_ms = 0;     // somebody talks to what runs on it while it is kept
  std::string holder;            // the job that has it, or had it last; the one it was made for at first
  int64_t made_deadline_ms = 0;  // as the cloud was told; deadline_ms is the holder's and never later. 0: none
  std::string gpu_model, image;  // as asked for
  int gpu_count = 0;             // as asked for; -1: not recorded
  int64_t disk_bytes = 0;
  bool spot = false;
  int serve_port = 0;  // where the holder's model is served; 0: nowhere
};

// The time for which one job had a machine, and pays for it.
struct UseRow {
  std::string instance_id, job_id;
  int attempt = 0;  // of the job
  int64_t from_ms = 0;
  int64_t until_ms = 0;  // 0: it has it still, or had it until it was gone
};

class Instances {
 public:
  explicit Instances(Connection& connection) : db_(connection) {}

  void insert(const InstanceRow& row);  // with its use by its job; without a holder, that job is it
  void update(const InstanceRow& row);  // everything but id, job, attempt, provider, account, client_token, created_ms
  [[nodiscard]] std::optional<InstanceRow> find(const std::string& id) const;
  [[nodiscard]] std::vector<InstanceRow> of_job(const std::string& job_id) const;   // by attempt
  [[nodiscard]] std::vector<InstanceRow> held_by(const std::string& job_id) const;  // of which it is the holder
  [[nodiscard]] std::vector<InstanceRow> open() const;                              // neither refused nor gone
  [[nodiscard]] std::vector<InstanceRow> untidy() const;                            // ended, but not yet tidied
  // Open, or ended after `since_ms`: what a sweep still looks for.
  [[nodiscard]] std::vector<InstanceRow> recent(int64_t since_ms) const;
  [[nodiscard]] std::vector<InstanceRow> list(int limit, const std::string& after) const;  // newest first
  [[nodiscard]] std::vector<InstanceRow> kept() const;  // alive and kept, oldest first

  void begin_use(const UseRow& use);
  void end_use(const std::string& id, int64_t until_ms);                // the one that goes on, where there is one
  [[nodiscard]] std::vector<UseRow> uses(const std::string& id) const;  // oldest first
  [[nodiscard]] std::vector<UseRow> uses_by_job(const std::string& job_id) const;  // oldest first

  // Accounts ever used with their regions; forgotten with the account only.
  void remember_region(const std::string& account, const std::string& region);
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> regions() const;

 private:
  Connection& db_;
};

}  // namespace stoker::store
