#include "core/api/stored_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/error.h"
#include "core/store/jobs.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

// The id of an open job that has the file among its inputs, or empty.
std::string user_of(store::Connection& connection, const std::string& file_id) {
  const std::string named = "\"file:" + file_id + "\"";
  for (const store::JobRow& job : store::Jobs(connection).open())
    if (job.spec.find(named) != std::string::npos) return job.id;
  return {};
}

void unlink_file(const ServerContext& context, const std::string& id) {
  const std::filesystem::path path = context.state_dir / "files" / id;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("can not remove " + path.string(), errno);
}

}  // namespace

store::FileRow require_file(const ServerContext& context, const Request& request) {
  const std::string& id = request.parameters.at(0);
  auto row = context.db.read([&](store::Connection& connection) { return store::Files(connection).find(id); });
  const bool over = row && row->expires_ms > 0 && row->expires_ms <= context.clock.wall_ms();
  if (!row || over || !request.caller.may_see(row->owner))
    throw Error(Fault::not_found, "there is no file " + to_utf8(id), "list the files to see which there are");
  return *row;
}

void remove_file(const ServerContext& context, const store::FileRow& row) {
  context.db.write("remove file", [&](store::Connection& connection) {
    if (const std::string job = user_of(connection, row.id); !job.empty())
      throw Error(Fault::conflict, "job " + job + " still needs the file " + row.id,
                  "remove it once the job has ended");
    store::Files(connection).remove(row.id);
  });
  unlink_file(context, row.id);
}

void remove_expired_files(const ServerContext& context) {
  const int64_t now = context.clock.wall_ms();
  const auto expired = context.db.read([&](store::Connection& c) { return store::Files(c).expired(now); });
  for (const store::FileRow& row : expired) {
    try {
      remove_file(context, row);
    } catch (const Error& error) {
      // Needed, or another request was quicker: either is well.
      if (error.fault != Fault::conflict && error.fault != Fault::not_found) throw;
    }
  }
}

void remove_stray_files(const ServerContext& context) {
  const std::filesystem::path folder = context.state_dir / "files";
  if (!std::filesystem::exists(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!context.db.read([&](store::Connection& c) { return store::Files(c).find(name); })) unlink_file(context, name);
  }
}

}  // namespace stoker::api
