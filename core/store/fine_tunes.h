// Table `fine_tunes`: what a client of a managed fine-tuning API asked for, beside the job that it became.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct FineTuneRow {
  std::string job_id, owner;
  std::string body_hash;  // of the request, by which a repeated one is known
  int64_t created_ms = 0;
  bool repeated = false;  // it came as the repetition of a request that never arrived
  std::string request;    // JSON, of api::openai::FineTune
  std::string fine_tuned_model;
  std::string results;  // ids of the files that tell how it went, comma between them; empty: not made yet
};

class FineTunes {
 public:
  explicit FineTunes(Connection& connection) : db_(connection) {}
  void insert(const FineTuneRow& row);
  // False where it has them already.
  bool set_results(const std::string& job_id, const std::string& results);
  [[nodiscard]] std::optional<FineTuneRow> find(const std::string& job_id) const;
  [[nodiscard]] std::optional<FineTuneRow> find_model(const std::string& fine_tuned_model) const;
  // The newest of one owner and body.
  [[nodiscard]] std::optional<FineTuneRow> find_body(const std::string& owner, const std::string& body_hash) const;
  // Newest first, those before the job `after` (empty: from the newest). Throws not_found where there is no `after`.
  [[nodiscard]] std::vector<FineTuneRow> list(int limit, const std::string& after) const;
  // Of jobs that have succeeded, without results yet.
  [[nodiscard]] std::vector<FineTuneRow> without_results() const;
  [[nodiscard]] std::vector<FineTuneRow> succeeded() const;  // newest first

 private:
  Connection& db_;
};

}  // namespace stoker::store
