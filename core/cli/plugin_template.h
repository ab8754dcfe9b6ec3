// A plugin to begin with: a copy of a template under a name of its own.
#pragma once

#include <filesystem>
#include <string>

namespace stoker::cli {

// What a plugin may be called: "acme", "com.acme.cloud".
[[nodiscard]] bool is_plugin_id(const std::string& id);

// Copies the folder `templates`/`kind` to `where`/`name`; in names and contents `name` takes the place of "acme", and
// its CamelCase that of "Acme". The new folder is whole or not there. Throws Error{invalid} for a name that is none and
// a kind that has no template, Error{conflict} where there is something of that name.
std::filesystem::path copy_plugin_template(const std::filesystem::path& templates, const std::string& kind,
                                           const std::string& name, const std::filesystem::path& where);

}  // namespace stoker::cli
