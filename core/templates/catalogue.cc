#include "core/templates/catalogue.h"

#include <algorithm>

#include "core/error.h"
#include "core/nearest.h"
#include "core/utf8.h"

namespace stoker::templates {

namespace fs = std::filesystem;

Catalogue::Catalogue(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  std::vector<std::string> ids;
  for (const auto& entry : fs::directory_iterator(folder_, error))
    if (fs::is_regular_file(entry.path() / "manifest.json", error)) ids.push_back(entry.path().filename().string());
  std::sort(ids.begin(), ids.end());
  for (const std::string& id : ids) {
    try {
      templates_.push_back(read_template(folder_, id));
    } catch (const Error& problem) {
      problems_.push_back("the template " + id + " is left out: " + problem.what());
    }
  }
}

const Template& Catalogue::find(const std::string& id) const {
  std::vector<std::string> ids;
  for (const Template& one : templates_) {
    if (one.id == id) return one;
    ids.push_back(one.id);
  }
  if (ids.empty())
    throw Error(Fault::not_found, "this agent has no templates", "install Stoker whole: they lie beside it",
                "template");
  const std::string near = nearest(id, ids);
  throw Error(Fault::not_found, "there is no template '" + to_utf8(id) + "'",
              near.empty() ? "`stoker templates` lists them" : "did you mean '" + near + "'?", "template");
}

}  // namespace stoker::templates
