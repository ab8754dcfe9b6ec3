#include "core/cli/command.h"

#include <algorithm>

#include "core/cli/json_reader.h"
#include "core/cli/plain_text.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {
namespace {

constexpr size_t kIdLength = 13;  // of a job; the API takes such an id as it is

bool is_id_text(const std::string& text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Error bad_usage(const std::string& message, const std::string& hint) {
  Error error(Fault::invalid, message, hint);
  error.code = kBadUsageCode;
  return error;
}

const Settings& Invocation::settings() {
  if (!settings_read) settings_read = entry.settings(flags);
  return *settings_read;
}

AgentClient Invocation::agent() {
  const auto folder = settings().state_dir;
  return {[look = entry.client_view, folder] { return look(folder); }, clock};
}

void Invocation::note(const std::string& message) const {
  if (!json) err << "stoker: " << message << std::endl;
}

std::vector<Command> commands() {
  return {serve_command(),   run_command(),    jobs_command(),     show_command(),      logs_command(),
          metrics_command(), cancel_command(), accounts_command(), tokens_command(),    connect_command(),
          keys_command(),    offers_command(), estimate_command(), instances_command(), destroy_command(),
          ssh_command(),     tunnel_command(), panic_command(),    templates_command(), parse_command(),
          plugins_command(), doctor_command(), version_command()};
}

void for_each_entry(const AgentClient& agent, const std::string& path, const std::function<void(const Json&)>& entry) {
  std::string after;
  for (bool more = true; more;) {
    const Json page =
        Json::parse(agent.get(path + "?limit=100" + (after.empty() ? "" : "&after=" + after)), "the answer");
    const auto entries = page["data"].items();
    for (const auto& one : entries) entry(one);
    const std::string last = entries.empty() ? after : entries.back()["id"].text();
    more = page["has_more"].boolean() && last != after;
    after = last;
  }
}

std::string full_id(const AgentClient& agent, const std::string& path, const std::string& prefix) {
  if (!is_id_text(prefix)) throw Error(Fault::invalid, "`" + printable(prefix) + "` is not an id");
  if (path == "/v1/jobs" && prefix.size() == kIdLength) return prefix;
  std::vector<std::string> found;
  bool exact = false;
  for_each_entry(agent, path, [&](const Json& entry) {
    const std::string id = entry["id"].text();
    exact = exact || id == prefix;
    if (id.starts_with(prefix)) found.push_back(id);
  });
  if (exact) return prefix;
  const std::string list = path.substr(path.rfind('/') + 1);
  if (found.empty())
    throw Error(Fault::not_found, "no id among the " + list + " begins with `" + prefix + "`",
                "`stoker " + list + "` lists them");
  if (found.size() == 1) return found.front();
  std::string hint = "it may be:";
  for (size_t i = 0; i < std::min<size_t>(found.size(), 5); ++i) hint += " " + found[i];
  throw Error(Fault::invalid, "`" + prefix + "` begins more than one id", hint);
}

std::string entry_path(const std::string& list, const std::string& id) {
  if (!is_id_text(id)) throw bad_usage("`" + printable(id) + "` is not an id");
  return list + "/" + id;
}

bool is_open(const Json& instance) {
  const std::string state = instance["state"].text();
  return state != "gone" && state != "refused";
}

void print_error(const Error& error, bool json, std::ostream& err) {
  if (!json) {
    err << "stoker: " << printable(error.what()) << std::endl;
    if (!error.hint.empty()) err << "hint: " << printable(error.hint) << std::endl;
    return;
  }
  JsonWriter out;
  out.begin_object().member("error", to_utf8(error.what())).member("fault", to_string(error.fault));
  if (!error.code.empty()) out.member("code", to_utf8(error.code));
  if (!error.hint.empty()) out.member("hint", to_utf8(error.hint));
  if (!error.field.empty()) out.member("field", to_utf8(error.field));
  err << out.end_object().str() << std::endl;
}

}  // namespace stoker::cli
