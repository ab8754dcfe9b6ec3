#include "core/agent/config_file.h"

#include <algorithm>

#include "core/api/openai/job_members.h"
#include "core/cli/yaml_tree.h"
#include "core/error.h"
#include "core/nearest.h"

namespace stoker::agent {
namespace {

using cli::ScalarType;
using cli::YamlNode;

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  ConfigFile read(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::null) return {};
    require(root, YamlNode::Kind::map, "the file");
    static const std::vector<std::string> known = {
        "listen",  "state_dir", "plugins", "plugin_path", "config",
        "origins", "log_level", "http",    "openai",      "allow_unsafe_plugins"};
    for (size_t i = 0; i < root.items.size(); ++i) {
      const std::string& key = root.keys[i];
      const YamlNode& value = root.items[i];
      if (key == "listen" || key == "state_dir" || key == "log_level")
        file_.values[key] = text(value, key);
      else if (key == "allow_unsafe_plugins")
        file_.values[key] = boolean(value, key) ? "true" : "false";
      else if (key == "plugin_path" || key == "origins")
        file_.lists[key] = texts(value, key);
      else if (key == "plugins")
        plugins(value);
      else if (key == "config")
        plugin_config(value);
      else if (key == "http")
        http(value);
      else if (key == "openai")
        openai(value);
      else
        unknown(value, key, known, "");
    }
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(const YamlNode& node, const std::string& message, const std::string& hint = {}) const {
    throw Error(Fault::invalid, name_ + ":" + std::to_string(node.line) + ": " + message, hint);
  }

  [[noreturn]] void unknown(const YamlNode& node, const std::string& key, const std::vector<std::string>& known,
                            const std::string& prefix) const {
    const std::string near = nearest(key, known);
    std::string hint = "known keys:";
    for (const auto& name : known) hint += " " + prefix + name;
    if (!near.empty()) hint = "did you mean `" + prefix + near + "`?";
    fail(node, "unknown key `" + prefix + key + "`", hint);
  }

  void require(const YamlNode& node, YamlNode::Kind kind, const std::string& key) const {
    if (node.kind == kind) return;
    fail(node,
         key + " must be " + (kind == YamlNode::Kind::map ? "a map" : "a list") + ", not " + cli::type_name(node));
  }

  std::string text(const YamlNode& node, const std::string& key) const {
    if (node.kind != YamlNode::Kind::scalar || scalar_type(node) == ScalarType::null || node.text.empty())
      fail(node, key + " must be text, not " +
                     (node.kind == YamlNode::Kind::scalar && node.text.empty() ? "nothing" : cli::type_name(node)));
    return node.text;
  }

  bool boolean(const YamlNode& node, const std::string& key) const {
    if (node.kind != YamlNode::Kind::scalar || scalar_type(node) != ScalarType::boolean)
      fail(node, key + " must be true or false, not " + cli::type_name(node));
    return node.text[0] == 't' || node.text[0] == 'T';
  }

  std::vector<std::string> texts(const YamlNode& node, const std::string& key) const {
    require(node, YamlNode::Kind::sequence, key);
    std::vector<std::string> values;
    for (const auto& item : node.items) values.push_back(text(item, "an entry of " + key));
    return values;
  }

  void plugins(const YamlNode& node) {
    require(node, YamlNode::Kind::sequence, "plugins");
    auto& ids = file_.lists["plugins"];
    for (const auto& item : node.items) {
      std::string id, sha256;
      if (item.kind == YamlNode::Kind::map) {
        for (size_t i = 0; i < item.items.size(); ++i) {
          if (item.keys[i] == "id")
            id = text(item.items[i], "plugins[].id");
          else if (item.keys[i] == "sha256")
            sha256 = digest(item.items[i]);
          else
            unknown(item.items[i], item.keys[i], {"id", "sha256"}, "plugins[].");
        }
        if (id.empty())
          fail(item, "an entry of plugins names no id", "write `{id: NAME, sha256: HEX}` or just the name");
      } else {
        id = text(item, "an entry of plugins");
      }
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) fail(item, "the plugin `" + id + "` is listed twice");
      ids.push_back(id);
      file_.pins[id] = sha256;
    }
  }

  std::string digest(const YamlNode& node) const {
    std::string hex = text(node, "plugins[].sha256");
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
      fail(node, "plugins[].sha256 must be 64 hex digits", "sha256sum prints it");
    return hex;
  }

  void plugin_config(const YamlNode& node) {
    require(node, YamlNode::Kind::map, "config");
    for (size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& section = node.items[i];
      require(section, YamlNode::Kind::map, "config." + node.keys[i]);
      for (size_t k = 0; k < section.items.size(); ++k) {
        const std::string key = node.keys[i] + "." + section.keys[k];
        file_.plugin_config.emplace_back(key, text(section.items[k], "config." + key));
      }
    }
  }

  void http(const YamlNode& node) {
    require(node, YamlNode::Kind::map, "http");
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (node.keys[i] == "endpoints")
        endpoints(node.items[i]);
      else if (node.keys[i] == "proxy")
        proxy(node.items[i]);
      else
        unknown(node.items[i], node.keys[i], {"endpoints", "proxy"}, "http.");
    }
  }

  void endpoints(const YamlNode& node) {
    require(node, YamlNode::Kind::map, "http.endpoints");
    for (size_t i = 0; i < node.items.size(); ++i) {
      const std::string key = "http.endpoints[" + node.keys[i] + "]", url = text(node.items[i], key);
      if (!url.starts_with("http://") && !url.starts_with("https://"))
        fail(node.items[i], key + " must be an http:// or https:// URL");
      if (url.starts_with("http://") && !is_loopback(url.substr(7)))
        fail(node.items[i], key + " would send the credential over the network in clear",
             "use https://, or an address of this machine (127.0.0.1)");
      file_.http_endpoints[node.keys[i]] = url;
    }
  }

  // Of what follows the scheme of a URL.
  static bool is_loopback(const std::string& rest) {
    const std::string authority = rest.substr(0, rest.find('/'));
    const std::string host = authority.substr(0, authority.rfind(':'));
    return host == "127.0.0.1" || host == "localhost" || host == "[::1]" || authority == "[::1]";
  }

  void proxy(const YamlNode& node) {
    file_.http_proxy = text(node, "http.proxy");
    if (!file_.http_proxy.starts_with("http://") || file_.http_proxy.find('@') != std::string::npos)
      fail(node, "http.proxy must be http://host:port, without a user");
  }

  void openai(const YamlNode& node) {
    require(node, YamlNode::Kind::map, "openai");
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (node.keys[i] == "compat") {
        if (text(node.items[i], "openai.compat") != "chatmle")
          fail(node.items[i], "openai.compat knows nothing but chatmle", "leave it out for truthful states");
        file_.chatmle = true;
      } else if (node.keys[i] == "job") {
        const YamlNode& job = node.items[i];
        const std::vector<std::string>& members = api::openai::kJobMembers;
        require(job, YamlNode::Kind::map, "openai.job");
        for (size_t k = 0; k < job.items.size(); ++k)
          if (std::find(members.begin(), members.end(), job.keys[k]) == members.end())
            unknown(job.items[k], job.keys[k], members, "openai.job.");
        JsonWriter json;
        cli::write_json(json, job);
        file_.openai_job = json.str();
      } else {
        unknown(node.items[i], node.keys[i], {"compat", "job"}, "openai.");
      }
    }
  }

  const std::string& name_;
  ConfigFile file_;
};

}  // namespace

ConfigFile parse_config_file(std::string_view text, const std::string& name) {
  return Reader(name).read(cli::parse_yaml(text, name));
}

}  // namespace stoker::agent
