#include "core/cli/account_setup.h"

#include "core/cli/command.h"
#include "core/cli/json_reader.h"
#include "core/cli/plain_text.h"

namespace stoker::cli {
namespace {

SetupField read_field(const Json& json) {
  SetupField field;
  field.key = json["key"].text();
  field.label = json["label"].text();
  if (field.label.empty()) field.label = field.key;
  field.kind = json["kind"].text();
  field.help = json["help"].text();
  field.default_value = json["default"].text();
  field.example = json["example"].text();
  field.docs_url = json["docs_url"].text();
  field.required = json["required"].boolean();
  field.secret = json["secret"].boolean();
  field.advanced = json["advanced"].boolean();
  for (const auto& choice : json["choices"].items())
    field.choices.emplace_back(choice["value"].text(), choice["label"].text());
  return field;
}

}  // namespace

AccountSetup AccountSetup::of(const AgentClient& agent, const std::string& provider) {
  const Json json = Json::parse(agent.get(entry_path("/v1/providers", provider) + "/setup"), "the set-up");
  AccountSetup setup;
  setup.provider = provider;
  setup.name = json["name"].text();
  setup.summary = json["summary"].text();
  setup.url = json["url"].text();
  setup.needs_account = json["needs_account"].boolean();
  for (const auto& field : json["fields"].items()) setup.fields.push_back(read_field(field));
  for (const auto& permission : json["permissions"].items()) setup.permissions.push_back(permission.text());
  return setup;
}

const SetupField* AccountSetup::find(const std::string& name) const {
  const bool full = name.starts_with(provider + ".");
  const std::string key = full ? name.substr(provider.size() + 1) : name;
  for (const auto& field : fields)
    if (field.key == key) return &field;
  return nullptr;
}

std::string introduction(const AccountSetup& setup) {
  std::string text = setup.name.empty() ? setup.provider : setup.name;
  if (!setup.summary.empty()) text += ": " + setup.summary;
  text += "\n";
  if (!setup.url.empty()) text += "docs: " + setup.url + "\n";
  if (!setup.permissions.empty()) text += "grant it no more than:\n";
  for (const auto& permission : setup.permissions) text += "  " + permission + "\n";
  return printable(text);
}

}  // namespace stoker::cli
