#include "core/fleet/account_values.h"

#include <algorithm>

#include "core/error.h"
#include "core/nearest.h"

namespace stoker::fleet {
namespace {

using plugin_host::ConfigField;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string label_of(const ConfigField& field) { return field.label.empty() ? field.key : field.label; }

Error unknown_field(const plugin_host::ProviderSetup& setup, const std::string& key) {
  std::vector<std::string> known;
  for (const ConfigField& field : setup.fields) known.push_back(field.key);
  const std::string near = nearest(key, known);
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "it has " : ", ") + one;
  return {Fault::invalid, "the set-up of " + setup.facts.id + " has no field " + key,
          near.empty() ? list : "did you mean " + near + "?", key};
}

Error missing_field(const plugin_host::ProviderSetup& setup, const ConfigField& field) {
  std::string hint = field.help;
  if (!field.docs_url.empty()) hint += (hint.empty() ? "see " : "; see ") + field.docs_url;
  return {Fault::invalid, setup.facts.id + " needs " + field.key + ": " + label_of(field), hint, field.key};
}

class VaultSecrets final : public plugin_host::SecretSource {
 public:
  VaultSecrets(const store::Vault& vault, std::string account, std::shared_ptr<const Secrets> given)
      : vault_(vault), account_(std::move(account)), given_(std::move(given)) {}

  void use(const std::string& key, const std::function<void(std::string_view)>& use) const override {
    if (given_) {
      if (const auto at = given_->find(key); at != given_->end()) return use(at->second.view());
    }
    const auto secret = vault_.get(vault_prefix(account_) + key);
    if (!secret)
      throw Error(Fault::invalid, "account " + account_ + " has no " + key,
                  "set it: stoker accounts change " + account_, key);
    use(secret->view());
  }

 private:
  const store::Vault& vault_;
  std::string account_;
  std::shared_ptr<const Secrets> given_;
};

}  // namespace

AccountValues sort_values(const plugin_host::ProviderSetup& setup, const plugin_host::Settings& values, bool complete) {
  AccountValues sorted;
  for (const auto& [key, value] : values) {
    const auto field =
        std::find_if(setup.fields.begin(), setup.fields.end(), [&](const ConfigField& one) { return one.key == key; });
    if (field == setup.fields.end()) throw unknown_field(setup, key);
    if (!field->secret()) {
      sorted.settings.emplace_back(key, value);
      continue;
    }
    const std::string_view secret = trimmed(value);
    if (secret.empty()) throw Error(Fault::invalid, key + " is empty", "give the " + label_of(*field), key);
    sorted.secrets.insert_or_assign(key, store::Secret(secret));
  }
  if (!complete) return sorted;
  for (const ConfigField& field : setup.fields) {
    const bool given =
        std::any_of(values.begin(), values.end(), [&](const auto& one) { return one.first == field.key; });
    if (!given && field.secret() && (field.flags & STOKER_FIELD_REQUIRED) != 0) throw missing_field(setup, field);
  }
  return sorted;
}

std::string vault_prefix(const std::string& account) { return "account/" + account + "/"; }

std::shared_ptr<const plugin_host::SecretSource> secret_source(const store::Vault& vault, const std::string& account,
                                                               std::shared_ptr<const Secrets> given) {
  return std::make_shared<VaultSecrets>(vault, account, std::move(given));
}

}  // namespace stoker::fleet
