// Templates of cloud.yaml: trees in which "{name}" stands for a value.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/cli/yaml_tree.h"

namespace stoker::check {

using cli::YamlNode;

// What a name stands for; null: nothing.
using Lookup = std::function<const YamlNode*(std::string_view name)>;

// A copy with all names replaced. A text that is one name and nothing else becomes the value itself, a number a number
// and a list a list; a name that stands for nothing becomes null there, and an empty text within another.
YamlNode fill(const YamlNode& shape, const Lookup& lookup);

// The member "a.b.c" of a tree; null where there is none. A list takes an index: "tags.0".
const YamlNode* at_path(const YamlNode& tree, std::string_view path);
// Made where it is absent.
YamlNode& make_path(YamlNode& tree, std::string_view path);

std::string to_json(const YamlNode& tree);
// Members as elements within <root>, the items of a list as <item>.
std::string to_xml(const YamlNode& tree, const std::string& root);
// "a=1&b.c=2%203", names with dots going into depth.
void read_form(YamlNode& into, std::string_view text);

}  // namespace stoker::check
