#include <fcntl.h>

#include <cerrno>

#include "core/api/job_json.h"
#include "core/api/range_reply.h"
#include "core/api/resources.h"
#include "core/error.h"

namespace stoker::api {

Reply get_log(const ServerContext& context, const Request& request) {
  const bool follow = request.target.flag("follow");
  const int64_t from = request.target.number("from", 0, 0, INT64_MAX);
  const store::JobRow job = require_job(context, request);
  Descriptor log(::open(log_path(context, job.id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!log && errno != ENOENT) throw system_error("can not open the log of job " + job.id, errno);
  if (!follow) {
    if (from != 0)
      throw Error(Fault::invalid, "from goes with follow=true only", "send Range: bytes=" + std::to_string(from) + "-",
                  "from");
    return range_reply(request.head, std::move(log), job.log_bytes);
  }
  if (request.head.count("Range") != 0)
    throw Error(Fault::invalid, "a followed log has no ranges", "use ?follow=true&from=OFFSET", "Range");
  Reply reply;
  reply.content_type = "application/octet-stream";
  reply.order = StreamOrder{StreamOrder::Kind::log, job.id, from, std::move(log)};
  return reply;
}

Reply get_events(const ServerContext& context, const Request& request) {
  int64_t after = request.target.number("after", 0, 0, INT64_MAX);
  if (request.head.count("Last-Event-ID") > 1)
    throw Error(Fault::invalid, "Last-Event-ID is given more than once", {}, "Last-Event-ID");
  if (const auto id = request.head.find("Last-Event-ID")) {
    const auto number = parse_count(*id);
    if (!number)
      throw Error(Fault::invalid, "Last-Event-ID is not a number", "send the id of the last event", "Last-Event-ID");
    after = *number;
  }
  const store::JobRow job = require_job(context, request);
  Reply reply;
  reply.content_type = "text/event-stream";
  reply.order = StreamOrder{StreamOrder::Kind::events, job.id, after, {}};
  return reply;
}

}  // namespace stoker::api
