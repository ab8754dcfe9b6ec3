#include "core/store/install.h"

#include <SQLiteCpp/Statement.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/error.h"
#include "core/private_file.h"

namespace stoker::store {
namespace {

constexpr size_t kDigits = 16;

bool is_install_id(const std::string& text) {
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string id_in_file(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  require_private(file);
  std::string text = read_file(file, 4096);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!is_install_id(text))
    throw Error(Fault::invalid,
                file.string() + " does not hold an install id of " + std::to_string(kDigits) + " hex digits",
                "put the file back from a copy; to make it anew from the store, remove it while nothing is rented");
  return text;
}

std::string id_in_store(Connection& connection) {
  SQLite::Statement q(connection, "SELECT value FROM meta WHERE key = 'install_id'");
  return q.executeStep() ? q.getColumn(0).getString() : std::string();
}

std::string random_id() {
  uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) throw system_error("can not get random bytes", errno);
  char text[kDigits + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random));
  return text;
}

constexpr const char* kHint =
    "the store was restored, copied or moved without that file: put both back from the same copy; if the other "
    "installation is gone for good, run `stoker panic` to destroy what it rented, then start in an empty state folder";

}  // namespace

std::string install_id(Database& database, const std::filesystem::path& file) {
  const std::string filed = id_in_file(file);
  const auto [stored, has_instances] = database.read([](Connection& connection) {
    return std::pair(id_in_store(connection),
                     connection.execAndGet("SELECT EXISTS (SELECT 1 FROM instances)").getInt() != 0);
  });
  if (!stored.empty() && stored == filed) return stored;

  const std::string store_name = database.file().string();
  if (!stored.empty() && !filed.empty())
    throw Error(Fault::conflict,
                "install id " + stored + " in " + store_name + " differs from " + filed + " in " + file.string(),
                kHint);
  if (has_instances)
    throw Error(Fault::conflict,
                "machines are recorded in " + store_name + " but the install id is missing " +
                    (stored.empty() ? "there" : "from " + file.string()),
                kHint);

  const std::string id = !stored.empty() ? stored : !filed.empty() ? filed : random_id();
  if (stored.empty()) {
    database.write("record the install id", [&id](Connection& connection) {
      SQLite::Statement q(connection, "INSERT INTO meta (key, value) VALUES ('install_id', ?)");
      q.bindNoCopy(1, id);
      q.exec();
    });
  }
  if (filed.empty()) write_private_file(file, id + "\n");
  return id;
}

std::string install_id_in(Database& database) { return database.read(id_in_store); }

std::string install_id_in(const std::filesystem::path& file) { return id_in_file(file); }

}  // namespace stoker::store
