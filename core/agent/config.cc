#include "core/agent/config.h"

#include <Poco/Util/LayeredConfiguration.h>
#include <Poco/Util/MapConfiguration.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "core/agent/config_file.h"
#include "core/error.h"
#include "core/private_file.h"

namespace stoker::agent {
namespace {

namespace fs = std::filesystem;
using Poco::Util::LayeredConfiguration;

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// The XDG rule: a variable that is unset, empty or relative counts for nothing.
fs::path xdg_folder(const Environment& environment, const std::string& name, const char* under_home) {
  const fs::path folder = variable(environment, name);
  if (folder.is_absolute()) return folder / "stoker";
  const fs::path home = variable(environment, "HOME");
  if (!home.is_absolute())
    throw Error(Fault::invalid, "neither " + name + " nor HOME names a folder",
                "set HOME, or STOKER_CONFIG and STOKER_STATE_DIR");
  return home / under_home / "stoker";
}

void require_trusted(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) throw system_error("can not read " + file.string(), errno);
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    throw Error(Fault::forbidden, file.string() + " belongs to another user", "chown it to yourself");
  if ((info.st_mode & 022) != 0)
    throw Error(Fault::forbidden, file.string() + " can be changed by other users", "run: chmod 600 " + file.string());
}

std::vector<std::string> split_path(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(':', at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

void set_list(Poco::Util::AbstractConfiguration& layer, const std::string& key,
              const std::vector<std::string>& values) {
  layer.setInt(key + ".count", static_cast<int>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) layer.setString(key + "." + std::to_string(i), values[i]);
}

std::vector<std::string> get_list(const LayeredConfiguration& layers, const std::string& key) {
  std::vector<std::string> values;
  const int count = layers.getInt(key + ".count", 0);
  for (int i = 0; i < count; ++i) values.push_back(layers.getRawString(key + "." + std::to_string(i)));
  return values;
}

using Layer = Poco::AutoPtr<Poco::Util::MapConfiguration>;

Layer default_layer(const Environment& environment, const std::string& state_dir) {
  Layer layer(new Poco::Util::MapConfiguration);
  layer->setString("listen", "127.0.0.1:7465");
  layer->setString("log_level", "info");
  layer->setString("allow_unsafe_plugins", "false");
  layer->setString("state_dir",
                   state_dir.empty() ? xdg_folder(environment, "XDG_STATE_HOME", ".local/state").string() : state_dir);
  set_list(*layer, "plugins", {"local", "ssh", "transformers", "axolotl"});
  return layer;
}

Layer environment_layer(const Environment& environment) {
  Layer layer(new Poco::Util::MapConfiguration);
  if (const auto value = variable(environment, "STOKER_LISTEN"); !value.empty()) layer->setString("listen", value);
  if (const auto value = variable(environment, "STOKER_STATE_DIR"); !value.empty())
    layer->setString("state_dir", value);
  if (const auto value = variable(environment, "STOKER_PLUGIN_PATH"); !value.empty())
    set_list(*layer, "plugin_path", split_path(value));
  return layer;
}

Layer flag_layer(const cli::Flags& flags) {
  Layer layer(new Poco::Util::MapConfiguration);
  if (flags.listen) layer->setString("listen", *flags.listen);
  if (flags.state_dir) layer->setString("state_dir", *flags.state_dir);
  if (flags.log_level) layer->setString("log_level", *flags.log_level);
  if (!flags.plugin_path.empty()) set_list(*layer, "plugin_path", flags.plugin_path);
  return layer;
}

void check_listen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const std::string host = listen.substr(0, std::min(colon, listen.size()));
  unsigned port = 65536;
  if (colon != std::string::npos) {
    const char* end = listen.data() + listen.size();
    if (std::from_chars(listen.data() + colon + 1, end, port).ptr != end) port = 65536;
  }
  if (port > 65535)
    throw Error(Fault::invalid, "listen: `" + listen + "` is not host:port",
                "for example 127.0.0.1:7465; port 0 takes a free one", "listen");
  if (host != "localhost" && host != "127.0.0.1")
    throw Error(Fault::invalid,
                "listen: `" + host + "` is not the loopback address: the agent answers this machine only",
                "use 127.0.0.1 and an SSH tunnel to reach it from elsewhere", "listen");
}

void check_log_level(const std::string& level) {
  for (const char* known : {"trace", "debug", "info", "warn", "error"})
    if (level == known) return;
  throw Error(Fault::invalid, "log_level: `" + level + "` is unknown", "use trace, debug, info, warn or error",
              "log_level");
}

}  // namespace

Environment process_environment() {
  Environment result;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string line = *entry;
    const size_t equals = line.find('=');
    if (equals != std::string::npos) result[line.substr(0, equals)] = line.substr(equals + 1);
  }
  if (::getauxval(AT_SECURE) != 0) result.erase("STOKER_PLUGIN_PATH");
  return result;
}

Config load_config(const cli::Flags& flags, const Environment& environment) {
  Config config;
  const std::string asked = flags.config_file.value_or(variable(environment, "STOKER_CONFIG"));
  config.file =
      asked.empty() ? xdg_folder(environment, "XDG_CONFIG_HOME", ".config") / "config.yaml" : fs::absolute(asked);
  config.config_dir = config.file.parent_path();

  ConfigFile file;
  if (fs::exists(config.file)) {
    require_trusted(config.file);
    file = parse_config_file(read_file(config.file, kMaxConfigBytes), config.file.string());
  } else if (!asked.empty()) {
    throw Error(Fault::not_found, "configuration file " + config.file.string() + " does not exist",
                "make it, or leave out --config and STOKER_CONFIG");
  }

  // A home folder is only asked for where nothing else names the state folder.
  std::string state_dir = flags.state_dir.value_or(variable(environment, "STOKER_STATE_DIR"));
  if (state_dir.empty() && file.values.count("state_dir")) state_dir = file.values["state_dir"];

  Layer file_layer(new Poco::Util::MapConfiguration);
  for (const auto& [key, value] : file.values) file_layer->setString(key, value);
  for (const auto& [key, values] : file.lists) set_list(*file_layer, key, values);

  Poco::AutoPtr<LayeredConfiguration> layers(new LayeredConfiguration);
  layers->add(flag_layer(flags), 0);
  layers->add(environment_layer(environment), 1);
  layers->add(file_layer, 2);
  layers->add(default_layer(environment, state_dir), 3);

  config.listen = layers->getRawString("listen");
  config.log_level = layers->getRawString("log_level");
  config.allow_unsafe_plugins = layers->getRawString("allow_unsafe_plugins") == "true";
  config.state_dir = fs::absolute(layers->getRawString("state_dir"));
  for (const auto& folder : get_list(*layers, "plugin_path")) config.plugin_path.push_back(fs::absolute(folder));
  for (const auto& id : get_list(*layers, "plugins")) config.plugins.push_back({id, file.pins[id]});
  config.origins = get_list(*layers, "origins");
  config.plugin_config = std::move(file.plugin_config);
  config.http_endpoints = std::move(file.http_endpoints);
  config.http_proxy = std::move(file.http_proxy);
  config.openai_job = std::move(file.openai_job);
  config.chatmle = file.chatmle;
  check_listen(config.listen);
  check_log_level(config.log_level);
  return config;
}

}  // namespace stoker::agent
