#include <algorithm>

#include "core/api/incoming_file.h"
#include "core/api/page.h"
#include "core/api/resources.h"
#include "core/api/stored_file.h"
#include "core/error.h"
#include "core/store/job_id.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

constexpr size_t kMaxName = 255;

void write_file(JsonWriter& json, const store::FileRow& row) {
  json.begin_object()
      .member("id", row.id)
      .member("name", to_utf8(row.name))
      .member("size", row.size)
      .member("created_ms", row.created_ms)
      .end_object();
}

std::string file_body(const store::FileRow& row) {
  JsonWriter json;
  write_file(json, row);
  return json.str();
}

// A label for people; the file on disk is named by its id.
std::string checked_name(const Target& target) {
  std::string name = target.text("name");
  const bool control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (name.size() > kMaxName || control)
    throw Error(Fault::invalid, "the name of the file is longer than 255 bytes or holds control characters", {},
                "name");
  return name;
}

}  // namespace

Reply upload_file(const ServerContext& context, const Request& request) {
  store::FileRow row;
  row.name = checked_name(request.target);
  row.owner = request.caller.name;
  row.id = "file-" + store::new_job_id(context.clock.wall_ms());
  IncomingFile file(context.state_dir / "files", row.id, request.body.size());
  std::vector<char> buffer(256 * 1024);
  while (const size_t n = request.body.read(buffer.data(), buffer.size())) file.write({buffer.data(), n});
  row.size = file.size();
  file.keep();
  context.db.write("add file", [&](store::Connection& connection) {
    row.created_ms = context.clock.wall_ms();
    store::Files(connection).insert(row);
  });
  Reply reply;
  reply.status = 201;
  reply.body = file_body(row);
  reply.fields.emplace_back("Location", "/v1/files/" + row.id);
  return reply;
}

Reply list_files(const ServerContext& context, const Request& request) {
  const auto fetch = [&](int limit, const std::string& after) {
    return context.db.read([&](store::Connection& connection) { return store::Files(connection).list(limit, after); });
  };
  const auto page = collect_page<store::FileRow>(
      request.target, fetch, [&](const store::FileRow& row) { return request.caller.may_see(row.owner); });
  Reply reply;
  reply.body = to_json(page, write_file);
  return reply;
}

Reply get_file(const ServerContext& context, const Request& request) {
  Reply reply;
  reply.body = file_body(require_file(context, request));
  return reply;
}

Reply delete_file(const ServerContext& context, const Request& request) {
  remove_file(context, require_file(context, request));
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace stoker::api
