// What connecting an account of a provider asks for, as its plugin says.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/cli/agent_client.h"

namespace stoker::cli {

struct SetupField {
  std::string key, label, kind, help, default_value, example, docs_url;
  bool required = false, secret = false, advanced = false;
  std::vector<std::pair<std::string, std::string>> choices;  // value, label

  [[nodiscard]] bool must_be_given() const { return required && default_value.empty(); }
};

struct AccountSetup {
  std::string provider, name, summary, url;
  bool needs_account = false;
  std::vector<SetupField> fields;  // in the order to ask for them
  std::vector<std::string> permissions;

  [[nodiscard]] static AccountSetup of(const AgentClient& agent, const std::string& provider);

  // Null when there is none. `name` may be "PROVIDER.KEY", as errors call it.
  [[nodiscard]] const SetupField* find(const std::string& name) const;
};

// What it is and the least permissions to grant, for who is about to be asked.
[[nodiscard]] std::string introduction(const AccountSetup& setup);

}  // namespace stoker::cli
