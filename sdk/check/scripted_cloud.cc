#include "sdk/check/scripted_cloud.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/private_file.h"
#include "sdk/check/cloud_template.h"
#include "sdk/check/hostile_bytes.h"
#include "sdk/check/test.h"

namespace stoker::check {
namespace {

using NodeKind = YamlNode::Kind;

constexpr char kState[] = "state";
constexpr int kChangesOfAnAnswer = 2;

std::string text_at(const YamlNode& tree, std::string_view path) {
  const YamlNode* found = at_path(tree, path);
  return found == nullptr ? "" : found->text;
}

int number_at(const YamlNode& tree, std::string_view path, int otherwise) {
  const std::string text = text_at(tree, path);
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(at), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// "a=1&b=2"
std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const std::string& part : split(text, '&')) {
    const size_t equals = std::min(part.find('='), part.size());
    values[part.substr(0, equals)] = part.substr(std::min(equals + 1, part.size()));
  }
  return values;
}

struct Route {
  std::string key, method;
  std::vector<std::string> path;
  std::map<std::string, std::string> query;
  YamlNode rules;
  [[nodiscard]] std::string rule(std::string_view name) const { return text_at(rules, name); }
};

// "POST /machines/{id}?type=gpus"
Route parse_route(const std::string& key, const YamlNode& rules, const std::string& file) {
  Route route{key, {}, {}, {}, rules};
  const size_t space = key.find(" /"), mark = std::min(key.find('?'), key.size());
  if (space == std::string::npos || rules.kind != NodeKind::map)
    throw Failed(file + ":" + std::to_string(rules.line) + ": `" + key +
                 "` is no route; write it as \"METHOD /path\": {...}");
  route.method = key.substr(0, space);
  route.path = split(key.substr(space + 2, mark - space - 2), '/');
  route.query = parse_query(key.substr(std::min(mark + 1, key.size())));
  return route;
}

// One request, taken apart; what names of its sources stand for.
struct Asked {
  std::string method;
  std::vector<std::string> path;
  YamlNode query, body, path_values;
};

bool is_name(const std::string& part) { return part.size() > 2 && part.front() == '{' && part.back() == '}'; }

bool fits(const Route& route, Asked& asked) {
  if (route.method != asked.method || route.path.size() != asked.path.size()) return false;
  asked.path_values = {};
  for (size_t i = 0; i < route.path.size(); ++i) {
    const std::string& part = route.path[i];
    if (is_name(part))
      asked.path_values.member(part.substr(1, part.size() - 2)) = YamlNode::of_text(asked.path[i]);
    else if (part != asked.path[i])
      return false;
  }
  return std::all_of(route.query.begin(), route.query.end(),
                     [&](const auto& wanted) { return text_at(asked.query, wanted.first) == wanted.second; });
}

bool holds(const YamlNode& field, const std::string& value) {
  if (field.kind != NodeKind::sequence) return field.text == value;
  return std::any_of(field.items.begin(), field.items.end(), [&](const auto& item) { return item.text == value; });
}

struct Record {
  YamlNode fields;
  std::vector<std::string> states;
  size_t looks = 0;
  std::string same, likeness;
  bool made = false;  // by a request
};

}  // namespace

struct ScriptedCloud::Impl {
  explicit Impl(const std::filesystem::path& file);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  std::string make_folder();
  void read_records(const YamlNode& records);
  void name_secrets(const YamlNode& tree);

  HttpReply error(const std::string& name);
  HttpReply reply(const Route& route, const Lookup& lookup, std::optional<YamlNode> content);
  [[nodiscard]] YamlNode body_of(const Route& route, const Lookup& lookup, std::optional<YamlNode> content) const;
  [[nodiscard]] HttpReply written(const Route& route, const YamlNode& body) const;
  HttpReply act(const Route& route, Asked& asked);
  HttpReply make(const Route& route, const Lookup& lookup);
  HttpReply list(const Route& route, const Asked& asked, const Lookup& lookup);
  HttpReply show(const Route& route, const Lookup& lookup);
  HttpReply drop(const Route& route, const Lookup& lookup);
  YamlNode item(const Route& route, Record& record, const Lookup& outer);
  [[nodiscard]] bool wanted(const Route& route, const Record& record, const Lookup& lookup) const;
  [[nodiscard]] Lookup sources(const Asked& asked) const;
  bool struck(const std::string& route);

  std::string name, base;
  YamlNode root, secret_values;
  std::vector<Route> routes;
  std::map<std::string, std::vector<Record>> records;
  std::string machines = "machines", creating;
  plugin_host::Settings config;
  std::map<std::string, std::string> secrets;
  std::vector<std::string> complaints, folders;
  CloudFault fault;
  bool strange = false;
  size_t last_id = 0, made = 0;
};

ScriptedCloud::Impl::Impl(const std::filesystem::path& file) : name(file.string()) {
  try {
    root = cli::parse_yaml(read_file(file), name);
  } catch (const Error& error) {
    throw Failed(error.what());
  }
  base = text_at(root, "base");
  if (const std::string given = text_at(root, "machines"); !given.empty()) machines = given;
  if (const YamlNode* given = root.find("config"))
    for (size_t i = 0; i < given->items.size(); ++i) {
      const std::string& text = given->items[i].text;
      config.emplace_back(given->keys[i], text == "{folder}" ? make_folder() : text);
    }
  if (const YamlNode* given = root.find("routes"))
    for (size_t i = 0; i < given->items.size(); ++i) {
      routes.push_back(parse_route(given->keys[i], given->items[i], name));
      if (routes.back().rule("make") == machines && creating.empty()) creating = given->keys[i];
    }
  if (!routes.empty() && base.empty()) throw Failed(name + ": `base` is missing, the URL in front of all routes");
  if (const YamlNode* given = root.find("records")) read_records(*given);
  name_secrets(root);
  if (const YamlNode* given = root.find("secrets"))
    for (size_t i = 0; i < given->items.size(); ++i) secrets[given->keys[i]] = given->items[i].text;
}

ScriptedCloud::Impl::~Impl() {
  std::error_code ignored;
  for (const auto& one : folders) std::filesystem::remove_all(one, ignored);
}

std::string ScriptedCloud::Impl::make_folder() {
  std::string path = std::filesystem::temp_directory_path() / "stoker-check-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw system_error(path, errno);
  folders.push_back(path);
  return path;
}

void ScriptedCloud::Impl::read_records(const YamlNode& given) {
  for (size_t i = 0; i < given.items.size(); ++i)
    for (const YamlNode& fields : given.items[i].items)
      records[given.keys[i]].push_back({fields, {}, 0, {}, {}, false});
}

void ScriptedCloud::Impl::name_secrets(const YamlNode& tree) {
  for (const YamlNode& item : tree.items) name_secrets(item);
  constexpr std::string_view kBegin = "{secret.";
  const size_t begin = tree.text.find(kBegin), end = tree.text.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return;
  const std::string key = tree.text.substr(begin + kBegin.size(), end - begin - kBegin.size());
  secrets[key] = "canary-" + key + "-4b1d9e77c0ffee";
  secret_values.member(key) = YamlNode::of_text(secrets[key]);
}

HttpReply ScriptedCloud::Impl::error(const std::string& which) {
  static const std::map<std::string, int> kUsual{{"bad_token", 401}, {"forbidden", 403},    {"missing", 404},
                                                 {"quota", 403},     {"rate_limited", 429}, {"broken", 503}};
  const YamlNode* said = at_path(root, "errors." + which);
  const auto usual = kUsual.find(which);
  HttpReply reply;
  reply.status = usual == kUsual.end() ? 400 : usual->second;
  if (said == nullptr) return reply;
  reply.status = number_at(*said, "status", reply.status);
  if (const YamlNode* headers = said->find("headers"))
    for (size_t i = 0; i < headers->items.size(); ++i)
      reply.headers.emplace_back(headers->keys[i], headers->items[i].text);
  if (const YamlNode* body = said->find("body"))
    reply.body = body->kind == NodeKind::scalar ? body->text : to_json(*body);
  return reply;
}

YamlNode ScriptedCloud::Impl::body_of(const Route& route, const Lookup& lookup, std::optional<YamlNode> content) const {
  const YamlNode* shape = route.rules.find("body");
  const std::string where = route.rule("as");
  YamlNode body = shape == nullptr ? YamlNode() : fill(*shape, lookup);
  if (content) (where.empty() ? body : make_path(body, where)) = std::move(*content);
  if (strange && body.kind != NodeKind::sequence) body.member("reticulated_splines") = YamlNode::of_text("seven");
  return body;
}

HttpReply ScriptedCloud::Impl::written(const Route& route, const YamlNode& body) const {
  HttpReply reply;
  reply.status = number_at(route.rules, "status", 200);
  const bool xml = text_at(root, "answers") == "xml" && route.rule("json") != "true";
  reply.body = xml ? to_xml(body, route.rule("root")) : to_json(body);
  return reply;
}

HttpReply ScriptedCloud::Impl::reply(const Route& route, const Lookup& lookup, std::optional<YamlNode> content) {
  if (route.rules.find("body") != nullptr || content) return written(route, body_of(route, lookup, std::move(content)));
  HttpReply reply = written(route, {});
  if (route.rule("root").empty()) reply.body.clear();
  return reply;
}

Lookup ScriptedCloud::Impl::sources(const Asked& asked) const {
  return [&, this](std::string_view wanted) -> const YamlNode* {
    const std::pair<std::string_view, const YamlNode*> all[] = {
        {"path.", &asked.path_values}, {"query.", &asked.query}, {"body.", &asked.body}, {"secret.", &secret_values}};
    for (const auto& [prefix, tree] : all)
      if (wanted.starts_with(prefix)) return at_path(*tree, wanted.substr(prefix.size()));
    return nullptr;
  };
}

YamlNode ScriptedCloud::Impl::item(const Route& route, Record& record, const Lookup& outer) {
  if (!record.states.empty()) {
    const std::string& state = record.states[std::min(record.looks++, record.states.size() - 1)];
    record.fields.member(kState) = YamlNode::of_text(strange ? "reticulating" : state);
  }
  const YamlNode* shape = route.rules.find("item");
  if (shape == nullptr) return record.fields;
  YamlNode filled = fill(*shape, [&](std::string_view wanted) -> const YamlNode* {
    const YamlNode* own = at_path(record.fields, wanted);
    return own != nullptr ? own : outer(wanted);
  });
  if (strange && filled.kind == NodeKind::map) filled.member("quantum_flux") = YamlNode::of_text("high");
  return filled;
}

HttpReply ScriptedCloud::Impl::make(const Route& route, const Lookup& lookup) {
  auto& all = records[route.rule("make")];
  const YamlNode* same = route.rules.find("same");
  const std::string token = same == nullptr ? "" : fill(*same, lookup).text;
  const auto known = std::find_if(all.begin(), all.end(), [&](const Record& one) { return one.same == token; });
  const YamlNode* alike = route.rules.find("alike");
  const std::string likeness = alike == nullptr ? "" : fill(*alike, lookup).text;
  if (!token.empty() && known != all.end())
    return known->likeness == likeness ? reply(route, lookup, item(route, *known, lookup)) : error("conflict");
  Record record;
  if (const YamlNode* with = route.rules.find("with")) record.fields = fill(*with, lookup);
  YamlNode id = YamlNode::of_text(std::to_string(1000 + ++last_id));
  const std::string kind = route.rule("id");
  id.plain = kind == "number";
  if (!id.plain) id.text = (kind.empty() ? "id-" : kind) + id.text;
  record.fields.member("id") = id;
  if (const YamlNode* states = route.rules.find("states"))
    for (const YamlNode& state : states->items) record.states.push_back(state.text);
  record.same = token;
  record.likeness = likeness;
  record.made = true;
  if (route.rule("make") == machines) ++made;
  all.push_back(std::move(record));
  return reply(route, lookup, item(route, all.back(), lookup));
}

bool ScriptedCloud::Impl::wanted(const Route& route, const Record& record, const Lookup& lookup) const {
  const YamlNode* where = route.rules.find("where");
  if (where == nullptr) return true;
  for (size_t i = 0; i < where->items.size(); ++i) {
    const YamlNode value = fill(where->items[i], lookup), *field = at_path(record.fields, where->keys[i]);
    if (value.kind != NodeKind::null && (field == nullptr || !holds(*field, value.text))) return false;
  }
  return true;
}

HttpReply ScriptedCloud::Impl::list(const Route& route, const Asked& asked, const Lookup& lookup) {
  const std::string by = route.rule("by");
  std::vector<Record*> found;
  for (Record& record : records[route.rule("list")])
    if (wanted(route, record, lookup)) found.push_back(&record);
  size_t begin = 0, end = found.size();
  const int size = number_at(route.rules, "pages.size", 0);
  int page = 1;
  if (size > 0) {
    page = std::max(1, number_at(asked.query, route.rule("pages.number"), 1));
    begin = std::min(found.size(), static_cast<size_t>(size) * static_cast<size_t>(page - 1));
    end = std::min(found.size(), begin + static_cast<size_t>(size));
  }
  YamlNode items;
  items.kind = by.empty() ? NodeKind::sequence : NodeKind::map;
  for (size_t i = begin; i < end; ++i) {
    if (!by.empty()) items.keys.push_back(text_at(found[i]->fields, by));
    items.items.push_back(item(route, *found[i], lookup));
  }
  YamlNode body = body_of(route, lookup, std::move(items));
  const std::string next = route.rule("pages.next");
  if (next.empty() || end == found.size()) return written(route, body);
  YamlNode number = YamlNode::of_text(std::to_string(page + 1));
  number.plain = true;
  const YamlNode* shape = at_path(route.rules, "pages.is");
  make_path(body, next) = shape == nullptr ? number : fill(*shape, [&](std::string_view) { return &number; });
  return written(route, body);
}

HttpReply ScriptedCloud::Impl::show(const Route& route, const Lookup& lookup) {
  const std::string field = route.rule("by").empty() ? "id" : route.rule("by");
  const YamlNode* given = route.rules.find("ids");
  const YamlNode ids = fill(given == nullptr ? YamlNode::of_text("{path.id}") : *given, lookup);
  for (Record& record : records[route.rule("show")])
    if (holds(ids, text_at(record.fields, field))) return reply(route, lookup, item(route, record, lookup));
  return error("missing");
}

HttpReply ScriptedCloud::Impl::drop(const Route& route, const Lookup& lookup) {
  const YamlNode* given = route.rules.find("ids");
  const YamlNode ids = fill(given == nullptr ? YamlNode::of_text("{path.id}") : *given, lookup);
  auto& all = records[route.rule("drop")];
  const std::string field = route.rule("by").empty() ? "id" : route.rule("by");
  const size_t gone =
      std::erase_if(all, [&](const Record& record) { return holds(ids, text_at(record.fields, field)); });
  return gone == 0 ? error("missing") : reply(route, lookup, std::nullopt);
}

HttpReply ScriptedCloud::Impl::act(const Route& route, Asked& asked) {
  const Lookup lookup = sources(asked);
  if (const YamlNode* when = at_path(route.rules, "refuse.when");
      when != nullptr && fill(*when, lookup).text == route.rule("refuse.is"))
    return error(route.rule("refuse.error"));
  if (!route.rule("make").empty()) return make(route, lookup);
  if (!route.rule("list").empty()) return list(route, asked, lookup);
  if (!route.rule("show").empty()) return show(route, lookup);
  if (!route.rule("drop").empty()) return drop(route, lookup);
  if (!route.rule("error").empty()) return error(route.rule("error"));
  return reply(route, lookup, std::nullopt);
}

bool ScriptedCloud::Impl::struck(const std::string& route) {
  if (fault.kind == CloudFault::Kind::none || fault.times == 0) return false;
  if (!fault.route.empty() && fault.route != route) return false;
  if (fault.times > 0) --fault.times;
  return true;
}

ScriptedCloud::ScriptedCloud(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
ScriptedCloud::~ScriptedCloud() = default;

HttpReply ScriptedCloud::answer(const HttpMessage& request) {
  Impl& self = *impl_;
  const std::string shown = request.method + " " + request.url;
  const auto complain = [&](const std::string& why) {
    self.complaints.push_back(shown + " " + why);
    return self.error("missing");
  };
  if (!request.url.starts_with(self.base)) return complain("does not begin with `base`, " + self.base);
  const std::string rest = request.url.substr(self.base.size());
  const size_t mark = std::min(rest.find('?'), rest.size());
  Asked asked{request.method, split(rest.substr(0, mark), '/'), {}, {}, {}};
  if (!asked.path.empty() && asked.path.front().empty()) asked.path.erase(asked.path.begin());
  for (const auto& [key, value] : parse_query(rest.substr(std::min(mark + 1, rest.size()))))
    asked.query.member(key) = YamlNode::of_text(value);
  const bool form = request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
  if (form) read_form(asked.body, request.body), read_form(asked.query, request.body);
  try {
    if (!request.body.empty() && !form) asked.body = cli::parse_yaml(request.body, "its body");
  } catch (const Error& error) {
    return complain(std::string("is no JSON: ") + error.what());
  }
  const auto route =
      std::find_if(self.routes.begin(), self.routes.end(), [&](const Route& one) { return fits(one, asked); });
  if (route == self.routes.end()) return complain("has no route");
  if (const YamlNode* value = at_path(self.root, "auth.value");
      value != nullptr && request.header(text_at(self.root, "auth.header")) != fill(*value, self.sources(asked)).text)
    return self.error("bad_token");
  if (!self.struck(route->key)) return self.act(*route, asked);
  if (self.fault.kind == CloudFault::Kind::error) return self.error(self.fault.error);
  HttpReply reply = self.act(*route, asked);
  if (self.fault.kind == CloudFault::Kind::lost) reply.lost = true;
  if (self.fault.kind == CloudFault::Kind::truncated) reply.body.resize(reply.body.size() / 2);
  if (self.fault.kind == CloudFault::Kind::garbage) reply.body = "<html>not today</html>";
  if (self.fault.kind == CloudFault::Kind::mutated)
    reply.body = mutated(std::move(reply.body), self.fault.seed++, kChangesOfAnAnswer);
  return reply;
}

void ScriptedCloud::break_with(CloudFault fault) { impl_->fault = std::move(fault); }
void ScriptedCloud::grow_strange() { impl_->strange = true; }
bool ScriptedCloud::has_error(const std::string& name) const {
  return at_path(impl_->root, "errors." + name) != nullptr;
}
std::optional<int64_t> ScriptedCloud::retry_after_s() const {
  for (const auto& [name, value] : impl_->error("rate_limited").headers)
    if (name == "Retry-After") return std::atoll(value.c_str());
  return std::nullopt;
}
const plugin_host::Settings& ScriptedCloud::config() const { return impl_->config; }
const std::map<std::string, std::string>& ScriptedCloud::secrets() const { return impl_->secrets; }
const std::string& ScriptedCloud::creating_route() const { return impl_->creating; }
size_t ScriptedCloud::machines() const { return impl_->records[impl_->machines].size(); }
size_t ScriptedCloud::machines_made() const { return impl_->made; }
size_t ScriptedCloud::leftovers() const {
  size_t left = 0;
  for (const auto& [name, all] : impl_->records)
    if (name != impl_->machines)
      left += static_cast<size_t>(std::count_if(all.begin(), all.end(), [](const Record& one) { return one.made; }));
  return left;
}
const std::vector<std::string>& ScriptedCloud::complaints() const { return impl_->complaints; }

}  // namespace stoker::check
