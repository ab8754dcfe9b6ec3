#include <algorithm>
#include <filesystem>

#include "core/cli/command.h"
#include "core/cli/config_edit.h"
#include "core/cli/json_reader.h"
#include "core/cli/plugin_template.h"
#include "core/cli/silent_log.h"
#include "core/cli/table.h"
#include "core/cli/yaml_tree.h"
#include "core/private_file.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;
using plugin_host::PluginKind;
using plugin_host::PluginStatus;

const char* kind_name(PluginKind kind) {
  switch (kind) {
    case PluginKind::provider:
      return "provider";
    case PluginKind::log_parser:
      return "log parser";
    case PluginKind::both:
      return "provider and log parser";
    case PluginKind::unknown:
      break;
  }
  return "-";
}

const char* state_name(const PluginStatus& plugin) {
  return plugin.loaded ? "loaded" : plugin.enabled ? "not loaded" : "disabled";
}

std::vector<PluginStatus> load_all(Invocation& call, plugin_host::RegistryOptions options) {
  SilentLog log;
  const plugin_host::Registry registry(std::move(options), call.clock, log);
  return registry.list();
}

std::string list_json(const std::vector<PluginStatus>& plugins) {
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const auto& one : plugins) {
    out.begin_object()
        .member("id", to_utf8(one.id))
        .member("kind", kind_name(one.kind))
        .member("version", to_utf8(one.version));
    out.member("abi", one.abi).member("state", state_name(one)).member("path", to_utf8(one.path.string()));
    out.member("summary", to_utf8(one.summary)).member("reason", to_utf8(one.reason)).end_object();
  }
  return out.end_array().end_object().str();
}

int list(Invocation& call) {
  const auto plugins = load_all(call, call.settings().plugins);
  if (call.json) {
    call.out << list_json(plugins) << "\n";
    return kDone;
  }
  Table table({"PLUGIN", "KIND", "VERSION", "ABI", "STATE", "SUMMARY"});
  for (const auto& one : plugins)
    table.row({one.id, kind_name(one.kind), one.version, one.abi, state_name(one), one.summary});
  table.print(call.out);
  for (const auto& one : plugins)
    if (one.enabled && !one.reason.empty()) call.note(one.id + ": " + one.reason);
  return kDone;
}

std::vector<std::string> enabled_ids(const Settings& settings) {
  std::vector<std::string> ids;
  for (const auto& one : settings.plugins.enabled) ids.push_back(one.id);
  return ids;
}

int change(Invocation& call, const std::string& id, bool enable) {
  const Settings& settings = call.settings();
  // A link to the file stays a link.
  const fs::path file = fs::exists(settings.config_file) ? fs::canonical(settings.config_file) : settings.config_file;
  const std::string before = fs::exists(file) ? read_file(file, kMaxYamlBytes) : std::string();
  const auto edit = enable ? enable_in_config : disable_in_config;
  const std::string after = edit(before, id, enabled_ids(settings));
  if (after == before) {
    call.note(id + (enable ? " is enabled already" : " is not enabled"));
    return kDone;
  }
  if (!fs::exists(file)) ensure_private_folder(file.parent_path());
  write_private_file(file, after);
  call.note(id + (enable ? " enabled in " : " disabled in ") + file.string() +
            "; a running agent takes it up at its next start");
  return kDone;
}

int enable(Invocation& call, const std::string& id) {
  plugin_host::RegistryOptions options = call.settings().plugins;
  options.enabled = {{id, {}}};
  for (const auto& one : call.settings().plugins.enabled)
    if (one.id == id) options.enabled = {one};
  for (const auto& one : load_all(call, options))
    if (one.id == id && !one.loaded && !call.arguments.has("--force"))
      throw Error(Fault::unsupported, "the plugin " + id + " can not be loaded: " + one.reason,
                  "mend that first, or enable it all the same with --force");
  return change(call, id, true);
}

// The ids of instances that are not known to be gone.
std::vector<std::string> open_instances(Invocation& call, const std::string& id) {
  std::vector<std::string> open;
  for (const auto& one : Json::parse(call.agent().get("/v1/instances"), "the list of instances")["data"].items())
    if (one["provider"].text() == id && one["state"].text() != "gone") open.push_back(one["id"].text());
  return open;
}

int disable(Invocation& call, const std::string& id) {
  const bool force = call.arguments.has("--force");
  if (fs::exists(call.settings().state_dir / "stoker.db")) {
    std::vector<std::string> open;
    try {
      open = open_instances(call, id);
    } catch (const Error& e) {
      if (!force && e.code == kNoAgent)
        throw Error(Fault::conflict, "no agent is running that could tell whether " + id + " still owns instances",
                    "start one with `stoker serve`, or give --force");
      if (!force) throw;
    }
    for (const auto& instance : open)
      call.err << "stoker: " << id << " owns the open instance " << instance << std::endl;
    if (!open.empty() && !force)
      throw Error(Fault::conflict,
                  id + " owns " + std::to_string(open.size()) + " open instances; without it nobody can destroy them",
                  "destroy them first with `stoker destroy ID`, or give --force");
  }
  return change(call, id, false);
}

int begin(Invocation& call, const std::string& kind, const std::string& name) {
  if (kind.empty() || name.empty())
    throw Error(Fault::invalid, "plugins new: a kind and a name are needed",
                "write `stoker plugins new provider NAME` or `stoker plugins new log-parser NAME`");
  const fs::path folder = copy_plugin_template(call.settings().plugin_templates, kind, name, fs::current_path());
  if (call.json)
    call.out << JsonWriter().begin_object().member("path", to_utf8(folder.string())).end_object().str() << "\n";
  else
    call.out << "wrote " << folder.filename().string() << "/; its README.md says how to build and check it\n";
  return kDone;
}

int run(Invocation& call) {
  const std::string what = call.arguments.has("ACTION") ? call.arguments.text("ACTION") : "list";
  const std::string id = call.arguments.text("ID");
  if (what == "list") return list(call);
  if (what == "new") return begin(call, id, call.arguments.text("NAME"));
  if (what != "enable" && what != "disable")
    throw Error(Fault::invalid, "plugins " + what + ": no such action", "use list, enable, disable or new");
  if (id.empty())
    throw Error(Fault::invalid, "plugins " + what + ": which plugin?", "write `stoker plugins " + what + " ID`");
  if (!is_plugin_id(id)) throw Error(Fault::invalid, "`" + to_utf8(id) + "` can't be a plugin's id");
  return what == "enable" ? enable(call, id) : disable(call, id);
}

}  // namespace

Command plugins_command() {
  return {"plugins",
          "List, enable or disable plugins, or begin a new one",
          {{"ACTION", "list, enable, disable or new (default: list)", false},
           {"ID", "the plugin; after new: provider or log-parser", false},
           {"NAME", "after new: the id of the plugin, and the folder that is made for it", false}},
          {{"--force", "", "enable what does not load, disable what owns open instances"}},
          run};
}

}  // namespace stoker::cli
