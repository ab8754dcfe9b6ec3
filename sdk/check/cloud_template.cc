#include "sdk/check/cloud_template.h"

#include <algorithm>
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

void add_xml(std::string& out, const YamlNode& tree) {
  if (tree.kind == YamlNode::Kind::scalar) {
    for (const char c : tree.text) {
      if (c == '<')
        out += "&lt;";
      else if (c == '&')
        out += "&amp;";
      else
        out += c;
    }
    return;
  }
  for (size_t i = 0; i < tree.items.size(); ++i) {
    const std::string name = tree.kind == YamlNode::Kind::map ? tree.keys[i] : "item";
    if (tree.items[i].kind == YamlNode::Kind::null) continue;
    out += "<" + name + ">";
    add_xml(out, tree.items[i]);
    out += "</" + name + ">";
  }
}

int hex_digit(char c) {
  const std::string_view digits = "0123456789abcdef";
  const size_t at = digits.find(static_cast<char>(c | 0x20));
  return c == '\0' || at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string form_text(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      plain += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
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

std::string to_xml(const YamlNode& tree, const std::string& root) {
  std::string out = "<" + root + ">";
  add_xml(out, tree);
  return out + "</" + root + ">";
}

void read_form(YamlNode& into, std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    make_path(into, form_text(pair.substr(0, equals))) =
        YamlNode::of_text(form_text(pair.substr(std::min(equals + 1, pair.size()))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace stoker::check
