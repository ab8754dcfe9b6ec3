// Table `artifacts`: what came home from a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct ArtifactRow {
  std::string job_id, path;  // relative, checked, '/' between parts
  int64_t size = 0;
  std::string xxh3;       // 16 hex digits, of the whole file
  bool complete = false;  // renamed into place and hash equal
};

class Artifacts {
 public:
  explicit Artifacts(Connection& connection) : db_(connection) {}
  void put(const ArtifactRow& row);
  void erase(const std::string& job_id, const std::string& path);
  [[nodiscard]] std::optional<ArtifactRow> find(const std::string& job_id, const std::string& path) const;
  [[nodiscard]] std::vector<ArtifactRow> of_job(const std::string& job_id) const;  // by path

 private:
  Connection& db_;
};

}  // namespace stoker::store
