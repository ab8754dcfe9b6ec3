// Table `files`: what a client uploaded for its jobs, and what the OpenAI dialect makes of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/database.h"

namespace stoker::store {

struct FileRow {
  std::string id;  // "file-" and 13 tokens
  std::string name, owner;
  int64_t size = 0, created_ms = 0;
  std::string purpose = {};  // in the OpenAI dialect: "fine-tune", ...; empty: the native one's
  std::string form = {};     // of training data: "chat", "preference", ...
  int64_t examples = 0;      // of training data
  int64_t tokens = 0;        // of its text, about
  int64_t expires_ms = 0;    // 0: never
};

class Files {
 public:
  explicit Files(Connection& connection) : db_(connection) {}
  void insert(const FileRow& row);
  void remove(const std::string& id);  // throws not_found
  [[nodiscard]] std::optional<FileRow> find(const std::string& id) const;
  // Newest first. Throws invalid where there is no file `after`.
  [[nodiscard]] std::vector<FileRow> list(int limit, const std::string& after) const;
  [[nodiscard]] std::vector<FileRow> expired(int64_t now_ms) const;

 private:
  Connection& db_;
};

}  // namespace stoker::store
