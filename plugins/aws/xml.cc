#include "plugins/aws/xml.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <stoker/cpp/failure.hpp>

namespace stoker::aws {
namespace {

constexpr int kDeepest = 32;

struct Malformed {};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view local_name(std::string_view name) { return name.substr(name.rfind(':') + 1); }

void add_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x20 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw Malformed{};
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6)), tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12)), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (code >> 18)), tail(12), tail(6), tail(0);
  }
}

}  // namespace

class Xml::Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Node document() {
    take("\xef\xbb\xbf");
    skip_between();
    Node root = element(0);
    skip_between();
    if (!rest_.empty()) throw Malformed{};
    return root;
  }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string_view until(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) throw Malformed{};
    const std::string_view before = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return before;
  }
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  // A comment or an instruction; a document type is neither.
  bool skip_one() {
    if (take("<!--")) return (void)until("-->"), true;
    if (take("<?")) return (void)until("?>"), true;
    return false;
  }
  void skip_between() {
    do skip_space();
    while (skip_one());
  }

  std::string_view word() {
    const std::size_t size = std::min(rest_.find_first_of(" \t\r\n/>=<\"'&"), rest_.size());
    if (size == 0) throw Malformed{};
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  // True where the element ends with its own tag: "<a/>".
  bool attributes() {
    for (;;) {
      skip_space();
      if (take("/>")) return true;
      if (take(">")) return false;
      (void)word();
      skip_space();
      if (!take("=")) throw Malformed{};
      skip_space();
      if (take("\""))
        (void)until("\"");
      else if (take("'"))
        (void)until("'");
      else
        throw Malformed{};
    }
  }

  void entity(std::string& out) {
    const std::string_view name = until(";");
    constexpr std::pair<std::string_view, char> kKnown[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [known, c] : kKnown)
      if (name == known) return void(out += c);
    if (name.size() < 2 || name.front() != '#') throw Malformed{};
    const bool is_hex = name[1] == 'x';
    const char *begin = name.data() + (is_hex ? 2 : 1), *end = name.data() + name.size();
    std::uint32_t code = 0;
    const auto [stop, error] = std::from_chars(begin, end, code, is_hex ? 16 : 10);
    if (error != std::errc{} || stop != end) throw Malformed{};
    add_utf8(out, code);
  }

  Node element(int depth) {
    if (depth > kDeepest || !take("<")) throw Malformed{};
    const std::string_view tag = word();
    if (tag.front() == '!' || tag.front() == '?') throw Malformed{};
    Node node{std::string(local_name(tag)), {}, {}};
    if (attributes()) return node;
    for (;;) {
      if (rest_.empty()) throw Malformed{};
      if (take("</")) {
        if (word() != tag) throw Malformed{};
        skip_space();
        if (!take(">")) throw Malformed{};
        if (!node.children.empty()) node.text.clear();
        return node;
      }
      if (take("<![CDATA[")) {
        node.text += until("]]>");
      } else if (skip_one()) {
        continue;
      } else if (rest_.front() == '<') {
        node.children.push_back(element(depth + 1));
      } else if (take("&")) {
        entity(node.text);
      } else {
        const std::size_t size = std::min(rest_.find_first_of("<&"), rest_.size());
        node.text += rest_.substr(0, size);
        rest_.remove_prefix(size);
      }
    }
  }

  std::string_view rest_;
};

Xml Xml::parse(std::string_view text, const std::string& source) {
  try {
    // What is neither UTF-8 nor a character of XML goes no further.
    const auto is_control = [](unsigned char c) { return c < 0x20 && c != '\t' && c != '\r' && c != '\n'; };
    if (!simdjson::validate_utf8(text.data(), text.size()) || std::any_of(text.begin(), text.end(), is_control))
      throw Malformed{};
    const auto root = std::make_shared<const Node>(Reader(text).document());
    return {root, root.get()};
  } catch (const Malformed&) {
    throw Failure{STOKER_E_UNAVAILABLE, source + " answered with something that is not XML"};
  }
}

std::string Xml::name() const { return node_ == nullptr ? "" : node_->name; }
std::string Xml::text() const { return node_ == nullptr ? "" : node_->text; }

Xml Xml::operator[](std::string_view name) const {
  if (node_ != nullptr)
    for (const Node& child : node_->children)
      if (child.name == name) return {document_, &child};
  return {};
}

std::vector<Xml> Xml::items() const {
  std::vector<Xml> all;
  if (node_ != nullptr)
    for (const Node& child : node_->children)
      if (child.name == "item") all.push_back(Xml(document_, &child));
  return all;
}

const Xml::Node* Xml::find_any(const Node& in, std::string_view name) {
  if (in.name == name) return &in;
  for (const Node& child : in.children)
    if (const Node* found = find_any(child, name)) return found;
  return nullptr;
}

Xml Xml::any(std::string_view name) const {
  const Node* found = node_ == nullptr ? nullptr : find_any(*node_, name);
  return found == nullptr ? Xml() : Xml(document_, found);
}

std::uint64_t Xml::count() const {
  const std::string digits = text();
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && stop == digits.data() + digits.size() && value < (1ULL << 40) ? value : 0;
}

}  // namespace stoker::aws
