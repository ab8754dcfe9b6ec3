#include "core/plugin_host/config_schema.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/nearest.h"
#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxFields = 256, kMaxChoices = 4096;

struct SchemaCollector {
  std::vector<ConfigField> fields;
  size_t choices = 0;
  std::string breach;

  // Sinks must not throw through the plugin: what is wrong is kept for after the call.
  template <class F>
  void guard(F&& body) noexcept {
    if (!breach.empty()) return;
    try {
      body();
    } catch (const std::exception& error) {
      breach = error.what();
    }
  }
};

ConfigField copy_field(const stoker_config_field* foreign) {
  const stoker_config_field said = copy_struct(foreign, "config field");
  ConfigField field;
  field.kind = said.kind;
  field.flags = said.flags;
  field.order = said.order;
  field.key = copy_text(said.key, "config key");
  field.label = copy_text(said.label, "config label");
  field.help = copy_text(said.help, "config help");
  field.default_value = copy_text(said.default_value, "config default");
  field.example = copy_text(said.example, "config example");
  field.docs_url = copy_text(said.docs_url, "config docs_url");
  field.group = copy_text(said.group, "config group");
  if (field.key.empty()) throw Breach("a config field has no key");
  return field;
}

void on_field(void* user, const stoker_config_field* foreign) noexcept {
  auto& all = *static_cast<SchemaCollector*>(user);
  all.guard([&] {
    if (all.fields.size() == kMaxFields) throw Breach("the config schema has too many fields");
    all.fields.push_back(copy_field(foreign));
  });
}

void on_choice(void* user, stoker_str key, stoker_str value, stoker_str label) noexcept {
  auto& all = *static_cast<SchemaCollector*>(user);
  all.guard([&] {
    const std::string name = copy_text(key, "choice key");
    const auto field = std::find_if(all.fields.begin(), all.fields.end(), [&](const auto& f) { return f.key == name; });
    if (field == all.fields.end()) throw Breach("a choice is given for a config field that does not exist");
    if (++all.choices > kMaxChoices) throw Breach("the config schema has too many choices");
    field->choices.push_back({copy_text(value, "choice value"), copy_text(label, "choice label")});
  });
}

Error wrong_value(const std::string& name, const std::string& value, const std::string& wanted) {
  return {Fault::invalid, "the configuration of " + name + " is \"" + value + "\", which is not " + wanted,
          "set it to " + wanted, name};
}

std::string join_choices(const ConfigField& field) {
  std::string all;
  for (const ConfigChoice& choice : field.choices) all += (all.empty() ? "" : ", ") + choice.value;
  return "one of " + all;
}

}  // namespace

std::vector<ConfigField> read_schema(stoker_status (*config_schema)(const char*, const stoker_config_sink*),
                                     const std::string& id) {
  SchemaCollector all;
  const stoker_config_sink sink{sizeof(stoker_config_sink), 0, &all, on_field, on_choice};
  const stoker_status status = config_schema(id.c_str(), &sink);
  if (!all.breach.empty()) throw Breach(all.breach);
  if (status != STOKER_OK) throw Breach("config_schema returned status " + std::to_string(status));
  std::stable_sort(all.fields.begin(), all.fields.end(),
                   [](const auto& a, const auto& b) { return a.order < b.order; });
  return std::move(all.fields);
}

PluginConfig::PluginConfig(const std::string& id, const std::vector<ConfigField>& schema, const Settings& given) {
  const auto find = [](auto& all, const std::string& key, auto&& key_of) {
    return std::find_if(all.begin(), all.end(), [&](const auto& one) { return key_of(one) == key; });
  };
  for (const auto& [key, value] : given) {
    const auto field = find(schema, key, [](const ConfigField& f) { return f.key; });
    if (field != schema.end()) {
      add(id, *field, value);
      continue;
    }
    std::vector<std::string> known;
    for (const ConfigField& one : schema) known.push_back(one.key);
    const std::string near = nearest(key, known);
    throw Error(Fault::invalid, "the configuration has " + id + "." + key + ", which the plugin does not know",
                near.empty() ? "remove it" : "did you mean " + id + "." + near + "?", id + "." + key);
  }
  for (const ConfigField& field : schema) {
    if (find(given, field.key, [](const auto& pair) { return pair.first; }) != given.end()) continue;
    if (!field.default_value.empty()) {
      add(id, field, field.default_value);
    } else if ((field.flags & STOKER_FIELD_REQUIRED) != 0 && !field.secret()) {
      const std::string name = id + "." + field.key;
      throw Error(Fault::invalid,
                  "the configuration lacks " + name + (field.label.empty() ? "" : " (" + field.label + ")"),
                  "set it" + (field.example.empty() ? std::string() : ", for example to " + field.example), name);
    }
  }
}

void PluginConfig::add(const std::string& id, const ConfigField& field, const std::string& value) {
  Entry entry{field.key, value, STOKER_TEXT, 0};
  const std::string name = id + "." + field.key;
  if (field.kind == STOKER_FIELD_INT) {
    entry.type = STOKER_INT;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), entry.number);
    if (fault != std::errc() || end != value.data() + value.size()) throw wrong_value(name, value, "a whole number");
  } else if (field.kind == STOKER_FIELD_BOOL) {
    entry.type = STOKER_BOOL;
    if (value != "true" && value != "false") throw wrong_value(name, value, "true or false");
    entry.number = value == "true" ? 1 : 0;
  } else if (field.kind == STOKER_FIELD_CHOICE && !field.choices.empty()) {
    const bool known =
        std::any_of(field.choices.begin(), field.choices.end(), [&](const auto& c) { return c.value == value; });
    if (!known) throw wrong_value(name, value, join_choices(field));
  }
  entries_.push_back(std::move(entry));
}

std::vector<stoker_field> PluginConfig::fields() const {
  std::vector<stoker_field> all;
  for (const Entry& entry : entries_) {
    stoker_field field{lend(entry.key), {entry.type, 0, {}}};
    if (entry.type == STOKER_TEXT)
      field.value.as.s = lend(entry.text);
    else
      field.value.as.i = entry.number;
    all.push_back(field);
  }
  return all;
}

}  // namespace stoker::plugin_host
