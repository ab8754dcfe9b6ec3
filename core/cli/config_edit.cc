#include "core/cli/config_edit.h"

#include <algorithm>
#include <sstream>

#include "core/cli/yaml_tree.h"
#include "core/error.h"

namespace stoker::cli {
namespace {

std::string id_of(const YamlNode& entry) {
  if (entry.kind == YamlNode::Kind::scalar) return entry.text;
  const YamlNode* id = entry.find("id");
  return id ? id->text : std::string();
}

std::vector<std::string> ids_of(const YamlNode& root) {
  std::vector<std::string> ids;
  if (const YamlNode* list = root.find("plugins"))
    for (const auto& entry : list->items) ids.push_back(id_of(entry));
  return ids;
}

Error by_hand() {
  return {Fault::invalid, "the list `plugins` is written in a way that can't be changed from here",
          "change it by hand: plugins: [local, ssh, ...]"};
}

// The file as lines that keep their line feed.
struct Lines {
  explicit Lines(const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size() - 1);
      all.push_back(text.substr(at, end - at + 1));
      at = end + 1;
    }
  }
  [[nodiscard]] std::string join() const {
    std::string text;
    for (const auto& line : all) text += line;
    return text;
  }
  std::vector<std::string> all;
};

size_t list_line(const Lines& lines) {
  for (size_t i = 0; i < lines.all.size(); ++i)
    if (lines.all[i].starts_with("plugins:")) return i;
  throw by_hand();
}

// Where the entries of "plugins: [a, {id: b, sha256: ...}] # why" begin and end: {begin, end} pairs; closes at `close`.
struct Flow {
  std::vector<std::pair<size_t, size_t>> entries;
  size_t open = 0, close = 0;
};

Flow read_flow(const std::string& line) {
  Flow flow;
  flow.open = line.find('[');
  int depth = 0;
  size_t begin = flow.open + 1;
  for (size_t i = begin; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' || c == '\'' || c == '#') throw by_hand();
    if (c == '{') ++depth;
    if (c == '}') --depth;
    if (depth > 0 || (c != ',' && c != ']')) continue;
    if (line.find_first_not_of(' ', begin) < i) flow.entries.emplace_back(begin, i);
    begin = i + 1;
    if (c == ']') {
      flow.close = i;
      return flow;
    }
  }
  throw by_hand();
}

void flow_add(std::string& line, const std::string& id) {
  const Flow flow = read_flow(line);
  line.insert(flow.close, (flow.entries.empty() ? "" : ", ") + id);
}

void flow_remove(std::string& line, size_t index) {
  const Flow flow = read_flow(line);
  if (index >= flow.entries.size()) throw by_hand();
  const auto [begin, end] = flow.entries[index];
  if (index > 0)
    line.erase(begin - 1, end - begin + 1);  // with the comma before it
  else
    line.erase(begin, (index + 1 < flow.entries.size() ? line.find_first_not_of(' ', end + 1) : end) - begin);
}

std::string checked(const std::string& text, const std::vector<std::string>& wanted) {
  if (ids_of(parse_yaml(text, "config.yaml")) != wanted) throw by_hand();
  return text;
}

std::string with_new_list(std::string text, const std::vector<std::string>& ids) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += "plugins: [";
  for (size_t i = 0; i < ids.size(); ++i) text += (i > 0 ? ", " : "") + ids[i];
  return text + "]\n";
}

}  // namespace

std::string enable_in_config(const std::string& text, const std::string& id, const std::vector<std::string>& current) {
  const YamlNode root = parse_yaml(text, "config.yaml");
  const YamlNode* list = root.find("plugins");
  std::vector<std::string> wanted = list ? ids_of(root) : current;
  if (std::find(wanted.begin(), wanted.end(), id) != wanted.end()) return text;
  wanted.push_back(id);
  if (!list) return checked(with_new_list(text, wanted), wanted);
  Lines lines(text);
  const size_t at = list_line(lines);
  if (lines.all[at].find('[') != std::string::npos) {
    flow_add(lines.all[at], id);
  } else {
    if (list->items.empty()) throw by_hand();
    size_t last = static_cast<size_t>(list->items.back().line) - 1;
    if (last >= lines.all.size()) throw by_hand();
    const std::string indent = lines.all[last].substr(0, lines.all[last].find('-'));
    while (last + 1 < lines.all.size() && lines.all[last + 1].starts_with(indent + "  ")) ++last;  // the rest of a map
    if (!lines.all[last].ends_with('\n')) lines.all[last] += '\n';
    lines.all.insert(lines.all.begin() + static_cast<std::ptrdiff_t>(last) + 1, indent + "- " + id + "\n");
  }
  return checked(lines.join(), wanted);
}

std::string disable_in_config(const std::string& text, const std::string& id, const std::vector<std::string>& current) {
  const YamlNode root = parse_yaml(text, "config.yaml");
  const YamlNode* list = root.find("plugins");
  std::vector<std::string> wanted = list ? ids_of(root) : current;
  const auto found = std::find(wanted.begin(), wanted.end(), id);
  if (found == wanted.end()) return text;
  const auto index = static_cast<size_t>(found - wanted.begin());
  wanted.erase(found);
  if (!list) return checked(with_new_list(text, wanted), wanted);
  Lines lines(text);
  const size_t at = list_line(lines);
  if (lines.all[at].find('[') != std::string::npos) {
    flow_remove(lines.all[at], index);
  } else {
    const size_t first = static_cast<size_t>(list->items[index].line) - 1;
    if (first >= lines.all.size()) throw by_hand();
    const std::string indent = lines.all[first].substr(0, lines.all[first].find('-'));
    size_t end = first + 1;
    while (end < lines.all.size() && lines.all[end].starts_with(indent + "  ")) ++end;
    lines.all.erase(lines.all.begin() + static_cast<std::ptrdiff_t>(first),
                    lines.all.begin() + static_cast<std::ptrdiff_t>(end));
    if (wanted.empty()) lines.all[at] = "plugins: []\n";
  }
  return checked(lines.join(), wanted);
}

}  // namespace stoker::cli
