// Table `events`: everything that happened to a job, numbered from 1 without a gap. `seq` is the SSE id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct EventRow {
  int64_t seq = 0;
  int64_t t_ms = 0;
  std::string kind;  // state log phase run progress metric eval checkpoint summary diagnosis cost instance end
  std::string data;  // JSON object with `t`
};

class Events {
 public:
  explicit Events(Connection& connection) : db_(connection) {}

  // Takes the next seq of the job (jobs.last_seq) in this transaction; gives it back.
  int64_t append(const std::string& job_id, int64_t t_ms, std::string_view kind, std::string_view data);
  // Ascending, those with seq > after, at most `limit`.
  [[nodiscard]] std::vector<EventRow> after(const std::string& job_id, int64_t after, int limit) const;
  // Ascending, only the kinds named, at most `limit`.
  [[nodiscard]] std::vector<EventRow> of_kinds(const std::string& job_id, const std::vector<std::string>& kinds,
                                               int64_t after, int limit) const;
  // Descending, only the kinds named, those with seq < before, at most `limit`.
  [[nodiscard]] std::vector<EventRow> newest(const std::string& job_id, const std::vector<std::string>& kinds,
                                             int64_t before, int limit) const;

 private:
  template <typename Earlier>
  std::vector<EventRow> merged(const char* sql, const std::string& job_id, const std::vector<std::string>& kinds,
                               int64_t bound, int limit, Earlier earlier) const;

  Connection& db_;
};

}  // namespace stoker::store
