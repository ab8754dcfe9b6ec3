#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "core/cli/command.h"
#include "core/cli/ensure_agent.h"
#include "core/cli/plain_text.h"
#include "core/cli/table.h"
#include "core/private_file.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kList = "/v1/ssh-keys";
constexpr size_t kMaxKeyFile = 16 << 10;

int list(Invocation& call) {
  const std::string answer = call.agent().get(kList);
  if (call.json) {
    call.out << answer << "\n";
    return kDone;
  }
  const auto keys = Json::parse(answer, "the list of keys")["data"].items();
  Table table({"KEY", "NAME", "FINGERPRINT", "ADDED"});
  for (const Json& one : keys)
    table.row({one["id"].text(), one["name"].text(), one["fingerprint"].text(),
               format_time(one["created_ms"].integer().value_or(0))});
  table.print(call.out);
  if (keys.empty())
    call.note("no key of yours is here; `stoker keys add FILE.pub` lets you log in to what is rented from then on");
  return kDone;
}

std::string request_body(const std::string& name, const std::string& public_key) {
  JsonWriter json;
  json.begin_object().member("name", to_utf8(name));
  if (!public_key.empty()) json.member("public_key", to_utf8(public_key));
  return json.end_object().str();
}

fs::path default_path(const std::string& name) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') throw bad_usage("keys create: HOME is not set", "give --out PATH");
  return fs::path(home) / ".ssh" / ("stoker_" + name);
}

// A new file that the owner alone may read, gone again unless it was filled.
class KeyFile {
 public:
  explicit KeyFile(fs::path path) : path_(std::move(path)) {
    if (path_.has_parent_path() && !fs::exists(path_.parent_path())) ensure_private_folder(path_.parent_path());
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0 && errno == EEXIST)
      throw Error(Fault::conflict, path_.string() + " exists, and a key is never overwritten",
                  "give another --out PATH");
    if (fd_ < 0) throw system_error("can not write " + path_.string(), errno);
  }
  KeyFile(const KeyFile&) = delete;
  KeyFile& operator=(const KeyFile&) = delete;
  ~KeyFile() {
    ::close(fd_);
    if (!filled_) ::unlink(path_.c_str());
  }

  void fill(std::string_view text) {
    filled_ = true;  // what is there of it can not be asked for again
    while (!text.empty()) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno != EINTR) throw system_error("can not write " + path_.string(), errno);
      if (n > 0) text.remove_prefix(static_cast<size_t>(n));
    }
    if (::fsync(fd_) != 0) throw system_error("can not write " + path_.string(), errno);
  }

 private:
  fs::path path_;
  int fd_ = -1;
  bool filled_ = false;
};

int create(Invocation& call) {
  const std::string name = call.arguments.text("KEY");
  if (name.empty() || name.find('/') != std::string::npos)
    throw bad_usage("keys create: KEY is " + std::string(name.empty() ? "missing" : "no name"),
                    "write `stoker keys create NAME`");
  const fs::path path = call.arguments.has("--out") ? fs::path(call.arguments.text("--out")) : default_path(name);
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  KeyFile secret_file(path);
  KeyFile public_file(path.string() + ".pub");
  const Json key = Json::parse(agent.post(kList, request_body(name, {})), "the key");
  secret_file.fill(key["private_key"].text());
  public_file.fill(key["public_key"].text() + " stoker-" + name + "\n");
  if (call.json) {
    JsonWriter json;
    json.begin_object()
        .member("id", key["id"].text())
        .member("name", name)
        .member("public_key", key["public_key"].text());
    json.member("fingerprint", key["fingerprint"].text()).member("path", to_utf8(fs::absolute(path).string()));
    call.out << json.end_object().str() << "\n";
  } else {
    call.out << "key " << name << " made: " << path.string() << " logs in to what is rented from now on\n";
  }
  return kDone;
}

int add(Invocation& call) {
  const std::string file = call.arguments.text("KEY");
  if (file.empty()) throw bad_usage("keys add: KEY is missing", "write `stoker keys add ~/.ssh/id_ed25519.pub`");
  const std::string line = read_file(file, kMaxKeyFile);
  if (line.find("PRIVATE KEY") != std::string::npos)
    throw bad_usage("keys add: " + file + " is a private key, which never leaves this computer",
                    "give its public half, " + file + ".pub");
  std::string name = call.arguments.text("--name");
  if (name.empty()) name = fs::path(file).stem().string();
  const AgentClient agent = call.agent();
  ensure_agent(call, agent);
  const std::string answer = agent.post(kList, request_body(name, line));
  const Json key = Json::parse(answer, "the key");
  if (call.json)
    call.out << answer << "\n";
  else
    call.out << "key " << printable(key["name"].text()) << " (" << printable(key["fingerprint"].text())
             << ") logs in to what is rented from now on\n";
  return kDone;
}

int remove(Invocation& call) {
  const std::string which = call.arguments.text("KEY");
  if (which.empty()) throw bad_usage("keys remove: KEY is missing", "write `stoker keys remove NAME`");
  const AgentClient agent = call.agent();
  for (const Json& key : Json::parse(agent.get(kList), "the list of keys")["data"].items()) {
    if (key["name"].text() != which && key["id"].text() != which) continue;
    const std::string answer = agent.remove(entry_path(kList, key["id"].text()));
    if (call.json)
      call.out << (answer.empty() ? "{}" : answer) << "\n";
    else
      call.out << "key " << printable(key["name"].text()) << " removed; machines that are rented already keep it\n";
    return kDone;
  }
  throw Error(Fault::not_found, "there is no SSH key " + printable(which), "`stoker keys` lists them");
}

struct Action {
  const char* name;
  int (*run)(Invocation& call);
  std::vector<std::string> options;
};

int run(Invocation& call) {
  static const std::vector<Action> actions = {{"list", list, {}},
                                              {"create", create, {"KEY", "--out"}},
                                              {"add", add, {"KEY", "--name"}},
                                              {"remove", remove, {"KEY"}}};
  const std::string name = call.arguments.has("ACTION") ? call.arguments.text("ACTION") : "list";
  const auto action = std::find_if(actions.begin(), actions.end(), [&](const Action& one) { return one.name == name; });
  if (action == actions.end())
    throw bad_usage("keys " + printable(name) + ": no such action", "use list, create, add or remove");
  for (const char* option : {"KEY", "--name", "--out"})
    if (call.arguments.has(option) && std::count(action->options.begin(), action->options.end(), option) == 0)
      throw bad_usage("keys " + name + " does not take " + option, "`stoker keys --help` tells more");
  return action->run(call);
}

}  // namespace

Command keys_command() {
  return {"keys",
          "List, make, add and remove the SSH keys with which you log in to rented machines",
          {{"ACTION", "list, create, add or remove (default: list)", false},
           {"KEY", "create: its name; add: the file of a public key; remove: its name or id", false}},
          {{"--name", "NAME", "add: what the key is called (default: the file's name)"},
           {"--out", "PATH", "create: where the private key goes (default: ~/.ssh/stoker_NAME)"}},
          run,
          "0  done\n  1  failed\n  2  bad usage\n  3  no agent can be reached or started"};
}

}  // namespace stoker::cli
