#include "core/cli/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "core/error.h"
#include "core/utf8.h"

namespace stoker::cli {
namespace {

struct Refusal {
  int line;
  std::string message, hint;
};

struct Size {
  size_t nodes = 1, text = 0;
  int depth = 1;
};

Size size_of(const YamlNode& node) {
  Size size{1, node.text.size(), 1};
  for (const auto& key : node.keys) size.text += key.size();
  for (const auto& item : node.items) {
    const Size inner = size_of(item);
    size.nodes += inner.nodes;
    size.text += inner.text;
    size.depth = std::max(size.depth, inner.depth + 1);
  }
  return size;
}

// Builds the tree from yaml-cpp's events and stops the parser, by throwing, as soon as a cap is passed.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(YamlNode{}, mark, anchor); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.plain = tag == "?" || tag.empty();  // quoted and block scalars carry "!"
    node.text = to_utf8(value);
    add(std::move(node), mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{line_of(mark), "an alias is used inside its own anchor", {}};
    const Size size = size_of(found->second);
    if (static_cast<int>(open_.size()) + size.depth > kMaxYamlDepth) throw too_deep(mark);
    count(size, mark);
    place(YamlNode(found->second), mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  YamlNode root;

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    bool has_key = false;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }
  static Refusal too_deep(const YAML::Mark& mark) {
    return {line_of(mark), "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels", {}};
  }

  void count(const Size& size, const YAML::Mark& mark) {
    nodes_ += size.nodes;
    text_ += size.text;
    if (nodes_ > kMaxYamlNodes)
      throw Refusal{line_of(mark),
                    "more than " + std::to_string(kMaxYamlNodes) + " values once aliases are written out",
                    "put data into files and name them under `inputs`"};
    if (text_ > kMaxYamlText)
      throw Refusal{line_of(mark),
                    "more than " + std::to_string(kMaxYamlText >> 20) + " MiB of text once aliases are written out",
                    "put data into files and name them under `inputs`"};
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxYamlDepth) throw too_deep(mark);
    count({}, mark);
    Open opened{{}, anchor, mark};
    opened.node.kind = kind;
    opened.node.line = line_of(mark);
    open_.push_back(std::move(opened));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) anchors_[done.anchor] = done.node;
    place(std::move(done.node), done.mark);
  }

  void add(YamlNode node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    node.line = line_of(mark);
    count({1, node.text.size(), 1}, mark);
    if (anchor != 0) anchors_[anchor] = node;
    place(std::move(node), mark);
  }

  void place(YamlNode node, const YAML::Mark& mark) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::map && !parent.has_key) {
      if (node.kind != YamlNode::Kind::scalar) throw Refusal{line_of(mark), "a key must be text", {}};
      if (parent.node.find(node.text)) throw Refusal{line_of(mark), "the key `" + node.text + "` is given twice", {}};
      parent.node.keys.push_back(std::move(node.text));
      parent.has_key = true;
      return;
    }
    parent.has_key = false;
    parent.node.items.push_back(std::move(node));
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  size_t nodes_ = 0, text_ = 0;
};

bool all_digits(std::string_view text, int base) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    if (base == 16) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return c >= '0' && c < '0' + base;
  });
}

bool is_integer(std::string_view text) {
  if (text.starts_with("0o")) return all_digits(text.substr(2), 8);
  if (text.starts_with("0x")) return all_digits(text.substr(2), 16);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_digits(text, 10);
}

bool is_real(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN")
    return true;
  size_t at = 0, digits = 0;
  const auto skip_digits = [&] {
    size_t n = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) ++n;
    return n;
  };
  digits = skip_digits();
  if (at < text.size() && text[at] == '.') ++at, digits += skip_digits();
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (skip_digits() == 0) return false;
  }
  return at == text.size();
}

void write_number(JsonWriter& out, const YamlNode& node, bool integer) {
  std::string_view text = node.text;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (integer) {
    int base = 10;
    if (text.starts_with("0o") || text.starts_with("0x")) base = text[1] == 'o' ? 8 : 16, text.remove_prefix(2);
    int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (fault == std::errc{} && end == text.data() + text.size()) {
      out.integer(value);
      return;
    }
  }
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size())
    throw Error(Fault::invalid,
                "line " + std::to_string(node.line) + ": " + node.text + " is not a number that can be used");
  out.real(value);
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (size_t i = 0; i < keys.size() && i < items.size(); ++i)
    if (keys[i] == key) return &items[i];
  return nullptr;
}

YamlNode& YamlNode::member(const std::string& key) {
  if (const YamlNode* found = find(key)) return items[static_cast<size_t>(found - items.data())];
  if (kind == Kind::null) kind = Kind::map;
  keys.push_back(key);
  return items.emplace_back();
}

YamlNode YamlNode::of_text(std::string value) {
  YamlNode node;
  node.kind = Kind::scalar;
  node.text = std::move(value);
  return node;
}

YamlNode parse_yaml(std::string_view text, const std::string& name) {
  if (text.size() > kMaxYamlBytes)
    throw Error(Fault::invalid, name + " is larger than " + std::to_string(kMaxYamlBytes >> 20) + " MiB",
                "put data into files and name them under `inputs`");
  std::istringstream stream{std::string(text)};
  TreeBuilder builder;
  const auto where = [&](int line) { return name + ":" + std::to_string(line) + ": "; };
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder rest;
    if (parser.HandleNextDocument(rest) && rest.root.kind != YamlNode::Kind::null)
      throw Refusal{rest.root.line, "a second document begins here", "keep one document in the file"};
  } catch (const Refusal& refusal) {
    throw Error(Fault::invalid, where(refusal.line) + refusal.message, refusal.hint);
  } catch (const YAML::Exception& e) {
    throw Error(Fault::invalid, where(e.mark.line + 1) + "not YAML: " + e.msg);
  }
  return std::move(builder.root);
}

ScalarType scalar_type(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null) return ScalarType::null;
  if (!node.plain) return ScalarType::text;
  const std::string& text = node.text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return ScalarType::null;
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" || text == "FALSE")
    return ScalarType::boolean;
  if (is_integer(text)) return ScalarType::integer;
  return is_real(text) ? ScalarType::real : ScalarType::text;
}

const char* type_name(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::map) return "a map";
  if (node.kind == YamlNode::Kind::sequence) return "a list";
  switch (scalar_type(node)) {
    case ScalarType::null:
      return "nothing";
    case ScalarType::boolean:
      return "true or false";
    case ScalarType::integer:
      return "a whole number";
    case ScalarType::real:
      return "a number";
    case ScalarType::text:
      break;
  }
  return "text";
}

void write_json(JsonWriter& out, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::map) {
    out.begin_object();
    for (size_t i = 0; i < node.items.size(); ++i) {
      out.key(node.keys[i]);
      write_json(out, node.items[i]);
    }
    out.end_object();
    return;
  }
  if (node.kind == YamlNode::Kind::sequence) {
    out.begin_array();
    for (const auto& item : node.items) write_json(out, item);
    out.end_array();
    return;
  }
  switch (scalar_type(node)) {
    case ScalarType::null:
      out.null();
      return;
    case ScalarType::boolean:
      out.boolean(node.text[0] == 't' || node.text[0] == 'T');
      return;
    case ScalarType::integer:
      write_number(out, node, true);
      return;
    case ScalarType::real:
      write_number(out, node, false);
      return;
    case ScalarType::text:
      out.text(node.text);
      return;
  }
}

}  // namespace stoker::cli
