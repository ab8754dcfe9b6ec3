// What SQLite's result codes mean to the callers of the store.
#pragma once

#include <SQLiteCpp/Exception.h>

#include <filesystem>
#include <string>

#include "core/error.h"

struct sqlite3;

namespace stoker::store {

// Error::code of every error that a full disk is the cause of.
constexpr const char* kDiskFullCode = "SQLITE_FULL";
// Error::code of every other error of the store.
constexpr const char* kStoreCode = "SQLITE";

// Both look at the handle's last system error, so call them before anything else runs on it. It may be null.
[[nodiscard]] bool is_disk_full(const SQLite::Exception& cause, sqlite3* handle);
// `doing` says what was attempted. SQLite's text names tables and columns, never values.
[[nodiscard]] Error as_error(const SQLite::Exception& cause, sqlite3* handle, const std::filesystem::path& file,
                             const std::string& doing);
[[nodiscard]] Error damaged(const std::filesystem::path& file, const std::string& how);

}  // namespace stoker::store
