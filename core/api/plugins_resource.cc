#include "core/api/resources.h"
#include "core/plugin_host/registry.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {
namespace {

const char* name_of(plugin_host::PluginKind kind) {
  switch (kind) {
    case plugin_host::PluginKind::provider:
      return "provider";
    case plugin_host::PluginKind::log_parser:
      return "log_parser";
    case plugin_host::PluginKind::both:
      return "both";
    case plugin_host::PluginKind::unknown:
      return "unknown";
  }
  return "unknown";
}

const char* state_of(const plugin_host::PluginStatus& plugin) {
  return plugin.loaded ? "loaded" : plugin.enabled ? "failed" : "available";
}

}  // namespace

Reply list_plugins(const ServerContext& context, const Request& request) {
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const plugin_host::PluginStatus& plugin : context.registry.list()) {
    json.begin_object()
        .member("id", to_utf8(plugin.id))
        .member("name", to_utf8(plugin.name))
        .member("summary", to_utf8(plugin.summary))
        .member("kind", name_of(plugin.kind))
        .member("version", to_utf8(plugin.version))
        .member("abi", plugin.abi)
        .member("state", state_of(plugin));
    // Reasons name files of this machine, like the path itself.
    if (request.caller.admin())
      json.member("path", to_utf8(plugin.path.string())).member("reason", to_utf8(plugin.reason));
    json.end_object();
  }
  Reply reply;
  reply.body = json.end_array().end_object().str();
  return reply;
}

}  // namespace stoker::api
