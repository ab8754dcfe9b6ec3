// Tables `artifacts` (what came home from a job) and `files` (what a client uploaded for one).
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

struct FileRow {
  std::string id;  // "file-" and 13 characters
  std::string name, owner;
  int64_t size = 0, created_ms = 0;
};

class Files {
 public:
  explicit Files(Connection& connection) : db_(connection) {}
  void insert(const FileRow& row);
  void remove(const std::string& id);
  [[nodiscard]] std::optional<FileRow> find(const std::string& id) const;
  [[nodiscard]] std::vector<FileRow> list(int limit, const std::string& after) const;  // newest first

 private:
  Connection& db_;
};

}  // namespace stoker::store
