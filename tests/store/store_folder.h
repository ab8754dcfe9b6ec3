// A private folder with a store in it, gone at the end of the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/store/database.h"
#include "core/store/jobs.h"

namespace stoker::store {

class StoreFolder : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stoker-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    file_ = folder_ / "state" / "stoker.db";
    std::filesystem::create_directory(folder_ / "state");
    std::filesystem::permissions(folder_ / "state", std::filesystem::perms::owner_all);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_, file_;
};

// The same with the store open.
class OpenStore : public StoreFolder {
 protected:
  template <typename Repository, typename F>
  auto with(F&& f) {
    return database().write("test", [&](Connection& c) {
      Repository repository(c);
      return f(repository);
    });
  }
  Database& database() {
    if (!database_) database_.emplace(file_);
    return *database_;
  }
  std::optional<Database> database_;
};

inline unsigned mode_of(const std::filesystem::path& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

inline JobRow job_named(const std::string& id) {
  JobRow job;
  job.id = id;
  job.name = "tiny";
  job.spec = "{}";
  job.owner = "admin";
  return job;
}

// The error that `act` ends with; a test failure when it ends without one.
inline Error error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {Fault::internal, "no error"};
}

}  // namespace stoker::store
