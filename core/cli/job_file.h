// A job as a person writes it: YAML, with paths of their machine and secrets of their environment. The agent validates;
// this file only turns it into the JSON that the agent reads, and knows which line a complaint is about.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cli/yaml_tree.h"

namespace stoker::cli {

class JobFile {
 public:
  // `name` is shown in errors; `folder` is what relative input paths start from. Throws Error{invalid} with
  // "<name>:<line>:".
  JobFile(std::string_view text, std::string name, std::filesystem::path folder);
  [[nodiscard]] static JobFile load(const std::filesystem::path& path);

  void set(const std::string& assignment);          // "limits.max_cost=5"; the value is YAML
  void set_env(const std::string& assignment);      // "EPOCHS=3"
  void set_provider(const std::string& providers);  // "aws" or "aws,lambda"

  // Makes input paths absolute and puts the values of `env:VAR` secrets in. Throws Error{invalid} naming the secret and
  // the variable that is not set.
  void resolve(const std::function<std::optional<std::string>(const std::string& name)>& variable);

  // Names in `env` whose values look like secrets: what is in `env` is stored and shown in clear.
  [[nodiscard]] std::vector<std::string> bare_secrets() const;

  [[nodiscard]] std::string json() const;
  // "job.yaml:12" for "inputs[0].from"; the nearest known parent where the key is absent; the flag where a flag gave
  // it.
  [[nodiscard]] std::string where(std::string_view field) const;

 private:
  [[nodiscard]] std::string where(const YamlNode& node) const;

  std::string name_;
  std::filesystem::path folder_;
  YamlNode root_;
};

}  // namespace stoker::cli
