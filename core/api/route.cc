#include "core/api/route.h"

#include "core/api/openai/openai.h"
#include "core/api/request_body.h"
#include "core/api/resources.h"
#include "core/api/route_table.h"

namespace stoker::api {
namespace {

constexpr const char* kBytes = "application/octet-stream";

// `{name...}` takes the rest of the path, at least one part.
bool fits(std::string_view pattern, const std::vector<std::string>& path, std::vector<std::string>& parameters) {
  parameters.clear();
  size_t at = 0;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (at == path.size()) return false;
    if (part.ends_with("...}")) {
      std::string rest = path[at];
      for (size_t i = at + 1; i < path.size(); ++i) rest += "/" + path[i];
      parameters.push_back(std::move(rest));
      return true;
    }
    if (part.starts_with('{')) {
      parameters.push_back(path[at]);
    } else if (part != path[at]) {
      return false;
    }
    ++at;
  }
  return at == path.size();
}

std::vector<Route> all_routes() {
  std::vector<Route> table = {
      {"GET",
       "/v1/health",
       Scope::none,
       get_health,
       nullptr,
       0,
       200,
       "Health",
       nullptr,
       "Whether the agent is there.",
       {}},
      {"GET", "/openapi.json", Scope::run, get_openapi, nullptr, 0, 200, "OpenApi", nullptr, "This description.", {}},
      {"GET",
       "/v1/plugins",
       Scope::run,
       list_plugins,
       nullptr,
       0,
       200,
       "PluginList",
       nullptr,
       "List plugins, and why one is not loaded.",
       {}},
      {"POST",
       "/v1/files",
       Scope::run,
       upload_file,
       kBytes,
       0,
       201,
       "File",
       nullptr,
       "Upload an input; a job names it as file:<id>. Its length need not be known: chunked is taken.",
       {{"name", "string", "a label"}},
       true},
      {"GET", "/v1/files", Scope::run, list_files, nullptr, 0, 200, "FileList", nullptr,
       "List uploaded files, newest first.", kPaging},
      {"GET", "/v1/files/{id}", Scope::run, get_file, nullptr, 0, 200, "File", nullptr, "Show an uploaded file.", {}},
      {"DELETE",
       "/v1/files/{id}",
       Scope::run,
       delete_file,
       nullptr,
       0,
       204,
       nullptr,
       nullptr,
       "Remove an uploaded file.",
       {}},
  };
  for (auto&& more : {job_routes(), instance_routes(), account_routes(), token_routes(), ssh_key_routes(),
                      offer_routes(), template_routes(), openai::routes()})
    table.insert(table.end(), more.begin(), more.end());
  return table;
}

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> table = all_routes();
  return table;
}

RouteMatch match_route(std::string_view method, const std::vector<std::string>& path) {
  RouteMatch match;
  std::vector<std::string> parameters;
  for (const Route& route : routes()) {
    if (!fits(route.path, path, parameters)) continue;
    if (route.method == method) {
      match.route = &route;
      match.parameters = std::move(parameters);
    } else {
      match.others.push_back(&route);
    }
  }
  return match;
}

}  // namespace stoker::api
