#include "sdk/check/cloud_template.h"

#include <charconv>

namespace stoker::check {
namespace {

YamlNode fill_text(const YamlNode& shape, const Lookup& lookup) {
  const std::string_view text = shape.text;
  if (shape.plain || text.find('{') == std::string_view::npos) return shape;
  if (text.front() == '{' && text.find('}') == text.size() - 1) {
    const YamlNode* value = lookup(text.substr(1, text.size() - 2));
    return value == nullptr ? YamlNode() : *value;
  }
  std::string filled;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size()), close = text.find('}', open);
    filled += text.substr(at, open - at);
    if (close == std::string_view::npos) break;
    if (const YamlNode* value = lookup(text.substr(open + 1, close - open - 1))) filled += value->text;
    at = close + 1;
  }
  return YamlNode::of_text(filled);
}

std::string_view first_part(std::string_view& path) {
  const size_t dot = path.find('.');
  const std::string_view part = path.substr(0, dot);
  path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  return part;
}

}  // namespace

YamlNode fill(const YamlNode& shape, const Lookup& lookup) {
  if (shape.kind == YamlNode::Kind::scalar) return fill_text(shape, lookup);
  YamlNode filled = shape;
  for (YamlNode& item : filled.items) item = fill(item, lookup);
  return filled;
}

const YamlNode* at_path(const YamlNode& tree, std::string_view path) {
  const YamlNode* at = &tree;
  while (at != nullptr && !path.empty()) {
    const std::string_view part = first_part(path);
    size_t index = 0;
    if (at->kind != YamlNode::Kind::sequence)
      at = at->find(part);
    else if (std::from_chars(part.data(), part.data() + part.size(), index).ec == std::errc{} &&
             index < at->items.size())
      at = &at->items[index];
    else
      at = nullptr;
  }
  return at;
}

YamlNode& make_path(YamlNode& tree, std::string_view path) {
  YamlNode* at = &tree;
  while (!path.empty()) at = &at->member(std::string(first_part(path)));
  return *at;
}

std::string to_json(const YamlNode& tree) {
  JsonWriter out;
  cli::write_json(out, tree);
  return out.str();
}

}  // namespace stoker::check
