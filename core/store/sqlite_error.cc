#include "core/store/sqlite_error.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace stoker::store {
namespace {

constexpr int kPrimaryMask = 0xff;  // an extended result code carries its primary one in the low byte

int primary(const SQLite::Exception& cause) {
  return cause.getErrorCode() < 0 ? SQLITE_ERROR : cause.getErrorCode() & kPrimaryMask;
}

bool is_unique_violation(int extended) {
  return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
         extended == SQLITE_CONSTRAINT_ROWID;
}

}  // namespace

bool is_disk_full(const SQLite::Exception& cause, sqlite3* handle) {
  if (primary(cause) == SQLITE_FULL) return true;
  if ((primary(cause) != SQLITE_IOERR && primary(cause) != SQLITE_CANTOPEN) || handle == nullptr) return false;
  const int system = sqlite3_system_errno(handle);
  return system == ENOSPC || system == EDQUOT;
}

Error damaged(const std::filesystem::path& file, const std::string& how) {
  return {Fault::invalid, file.string() + " is damaged: " + how,
          "stop the agent, move the file and its -wal and -shm aside, and put back a copy; without one, `stoker panic` "
          "still finds and destroys what was rented"};
}

namespace {

Error classify(const SQLite::Exception& cause, sqlite3* handle, const std::filesystem::path& file,
               const std::string& doing) {
  const std::string message = doing + " in " + file.string() + ": " + cause.what();
  if (is_disk_full(cause, handle)) {
    Error full(Fault::unavailable, doing + " in " + file.string() + ": the disk is full",
               "free space on that disk, then try again");
    full.code = kDiskFullCode;
    return full;
  }
  switch (primary(cause)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Fault::unavailable, message,
              "another process holds the file; is a second agent or a backup running on it"};
    case SQLITE_CONSTRAINT:
      return {is_unique_violation(cause.getExtendedErrorCode()) ? Fault::conflict : Fault::internal, message};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(file, cause.what());
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return {Fault::forbidden, message, "check the owner and mode of the file and of its folder"};
    case SQLITE_IOERR: {
      const int system = handle == nullptr ? 0 : sqlite3_system_errno(handle);
      const std::string detail = system == 0 ? "" : std::string(" (") + std::strerror(system) + ")";
      return {Fault::unavailable, message + detail, "check the disk and the system's log"};
    }
    default:
      return {Fault::internal, message};
  }
}

}  // namespace

Error as_error(const SQLite::Exception& cause, sqlite3* handle, const std::filesystem::path& file,
               const std::string& doing) {
  Error error = classify(cause, handle, file, doing);
  if (error.code.empty()) error.code = kStoreCode;
  return error;
}

}  // namespace stoker::store
