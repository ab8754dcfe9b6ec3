// What a plugin can be told: its rows of guided set-up, and a configuration checked against them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sdk/include/stoker/plugin.h"

namespace stoker::plugin_host {

using Settings = std::vector<std::pair<std::string, std::string>>;  // key -> value

struct ConfigChoice {
  std::string value, label;
};

struct ConfigField {
  std::string key, label, help, default_value, example, docs_url, group;
  int32_t kind = STOKER_FIELD_TEXT;  // STOKER_FIELD_TEXT ...
  uint32_t flags = 0;                // STOKER_FIELD_REQUIRED ...
  int32_t order = 0;
  std::vector<ConfigChoice> choices;

  [[nodiscard]] bool secret() const {
    return kind == STOKER_FIELD_SECRET || (flags & (STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL)) != 0;
  }
};

// Keys and values of one plugin, typed by its schema; owns the memory that fields() lends.
class PluginConfig {
 public:
  // Throws Error{invalid} with field "<id>.<key>" for an unknown key, a value of the wrong kind, or a required key that
  // is missing. Secrets come through the service "stoker.secrets/1", so a missing one is not looked at here. Keys that
  // are not given take the schema's default.
  PluginConfig(const std::string& id, const std::vector<ConfigField>& schema, const Settings& given);

  // Borrowed from this object.
  [[nodiscard]] std::vector<stoker_field> fields() const;

 private:
  struct Entry {
    std::string key, text;
    int32_t type;
    int64_t number;
  };
  void add(const std::string& id, const ConfigField& field, const std::string& value);

  std::vector<Entry> entries_;
};

// Asks a factory for its schema, sorted by `order`. Throws Breach.
[[nodiscard]] std::vector<ConfigField> read_schema(stoker_status (*config_schema)(const char*,
                                                                                  const stoker_config_sink*),
                                                   const std::string& id);

}  // namespace stoker::plugin_host
