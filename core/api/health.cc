#include "core/api/resources.h"
#include "sdk/include/stoker/base.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {

Reply get_health(const ServerContext& context, const Request&) {
  const std::string abi = std::to_string(STOKER_ABI_MAJOR) + "." + std::to_string(STOKER_ABI_NEWEST_MINOR);
  JsonWriter json;
  json.begin_object()
      .member("status", "ok")
      .member("version", context.version)
      .member("abi", abi)
      .member("uptime_ms", context.clock.mono_ms() - context.started_mono_ms)
      .end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

}  // namespace stoker::api
