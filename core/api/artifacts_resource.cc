#include "core/api/beneath.h"
#include "core/api/job_json.h"
#include "core/api/range.h"
#include "core/api/range_reply.h"
#include "core/api/resources.h"
#include "core/error.h"
#include "core/store/artifacts.h"
#include "core/utf8.h"

namespace stoker::api {

Reply list_artifacts(const ServerContext& context, const Request& request) {
  const store::JobRow job = require_job(context, request);
  const auto rows =
      context.db.read([&](store::Connection& connection) { return store::Artifacts(connection).of_job(job.id); });
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const store::ArtifactRow& row : rows)
    json.begin_object()
        .member("path", to_utf8(row.path))
        .member("size", row.size)
        .member("xxh3", row.xxh3)
        .member("complete", row.complete)
        .end_object();
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

Reply get_artifact(const ServerContext& context, const Request& request) {
  const store::JobRow job = require_job(context, request);
  const std::string& path = request.parameters.at(1);
  const auto row =
      context.db.read([&](store::Connection& connection) { return store::Artifacts(connection).find(job.id, path); });
  if (!row || !row->complete)
    throw Error(Fault::not_found, "job " + job.id + " has no artifact " + path,
                "GET /v1/jobs/" + job.id + "/artifacts lists them");
  OpenFile file = open_beneath(context.state_dir / "jobs" / job.id / "artifacts", path);
  Reply reply = range_reply(request.head, std::move(file.fd), file.size);
  reply.fields.emplace_back("Content-Disposition", "attachment");
  return reply;
}

}  // namespace stoker::api
