// The training templates of this installation.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/templates/manifest.h"

namespace stoker::templates {

class Catalogue {
 public:
  Catalogue() = default;
  // Each folder below `folder` that holds a manifest.json, by name. What can not be read is left out and told in
  // problems().
  explicit Catalogue(std::filesystem::path folder);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::vector<Template>& all() const { return templates_; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  // Throws Error{not_found} naming the nearest.
  [[nodiscard]] const Template& find(const std::string& id) const;

 private:
  std::filesystem::path folder_;
  std::vector<Template> templates_;
  std::vector<std::string> problems_;
};

}  // namespace stoker::templates
