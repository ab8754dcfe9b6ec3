#include "tests/e2e/agent_fixture.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::e2e {

namespace fs = std::filesystem;

AgentTest::AgentTest() {
  std::string name = fs::temp_directory_path() / "stoker-e2e-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  folder = name;
  for (const char* part : {"state", "config", "home"})
    if (::mkdir((folder / part).c_str(), 0700) != 0) throw std::system_error(errno, std::generic_category(), name);
}

AgentTest::~AgentTest() {
  // Only after a failure is there anything left to end here.
  for (const pid_t pid : left_over()) ::kill(pid, SIGKILL);
  if (agent > 0) ::waitpid(agent, nullptr, 0);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

void AgentTest::TearDown() {
  if (agent > 0) {
    for (const Json& instance :
         Json::parse(api().call("GET", "/v1/instances?limit=1000").body, "instances")["data"].items()) {
      const std::string id = instance["id"].text(), phase = instance["state"].text();
      if (phase != "gone" && phase != "refused") (void)api().call("DELETE", "/v1/instances/" + id);
    }
    expect_nothing_rented();
    stop_agent();
  }
  await_no_process();
  if (HasFailure()) std::fputs(("the agent said:\n" + agent_log()).c_str(), stderr);
}

void AgentTest::await_no_process() const {
  if (eventually([&] { return left_over().empty(); }, 5000)) return;
  for (const pid_t pid : left_over()) ADD_FAILURE() << "process " << pid << " is left: " << command_line(pid);
}

std::vector<pid_t> AgentTest::left_over() const { return processes_with(folder.string() + "/"); }

std::string AgentTest::program(const std::string& name) { return std::string(STOKER_BUILD_DIR "/bin/") + name; }

Words AgentTest::environment(const Words& more) const {
  Words all = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "LANG=C.UTF-8",
               "HOME=" + (folder / "home").string(),
               "XDG_STATE_HOME=" + (folder / "state").string(),
               "XDG_CONFIG_HOME=" + (folder / "config").string(),
               "STOKER_LISTEN=127.0.0.1:0"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void AgentTest::write_config(const std::string& yaml) const {
  ::mkdir(config().c_str(), 0700);
  std::ofstream(config() / "config.yaml") << yaml;
  fs::permissions(config() / "config.yaml", fs::perms::owner_read | fs::perms::owner_write);
}

bool AgentTest::try_start(const Words& words, const Words& more_environment) {
  if (agent > 0) throw std::logic_error("an agent runs already");
  fs::remove(state() / "port");  // of one that was killed
  Words all = prefix;
  all.insert(all.end(), words.begin(), words.end());
  agent = start(all, environment(more_environment), folder / "agent.log");
  bool ended = false;
  const bool settled = eventually([&] { return (ended = agent_ended()) || fs::exists(state() / "port"); });
  if (!settled) throw std::runtime_error("the agent does not start: " + agent_log());
  return !ended;
}

void AgentTest::start_agent() {
  if (!try_start({program(), "serve"})) throw std::runtime_error("the agent ended at its start: " + agent_log());
}

bool AgentTest::agent_ended() {
  if (agent > 0 && ::waitpid(agent, nullptr, WNOHANG) == agent) agent = -1;
  return agent < 0;
}

void AgentTest::kill_agent() {
  if (agent < 0) return;
  ::kill(agent, SIGKILL);
  ::waitpid(agent, nullptr, 0);
  agent = -1;
}

void AgentTest::stop_agent() {
  ::kill(agent, SIGTERM);
  const auto code = wait_for(agent, 20'000);
  EXPECT_EQ(code, 0) << "how the agent ended on SIGTERM";
  if (code)
    agent = -1;
  else
    kill_agent();
}

ApiClient AgentTest::api() const {
  const auto port = content(state() / "port");
  if (port.empty()) throw std::runtime_error("no agent answers: " + agent_log());
  return {static_cast<uint16_t>(std::stoi(port)), content(state() / "token").substr(0, 64)};
}

Result AgentTest::cli(Words words, const Words& more_environment) const {
  words.insert(words.begin(), program());
  words.insert(words.begin(), prefix.begin(), prefix.end());
  return run(words, environment(more_environment));
}

std::string AgentTest::submit(const std::string& spec, const std::string& key) const {
  ApiClient::Fields fields;
  if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
  const Answer answer = api().call("POST", "/v1/jobs", spec, fields);
  if (answer.status != 202) throw std::runtime_error(std::to_string(answer.status) + " " + answer.body);
  return Json::parse(answer.body, "the new job")["id"].text();
}

Json AgentTest::job(const std::string& id) const {
  return Json::parse(api().call("GET", "/v1/jobs/" + id).body, "job " + id);
}

void AgentTest::await_state(const std::string& id, const std::string& wanted) const {
  std::string state;
  const auto there = [&] {
    const Json now = job(id);
    state = now["state"].text();
    return state == wanted || !now["ended_ms"].is_null();
  };
  EXPECT_TRUE(eventually(there)) << "job " << id << " is " << state << " instead of " << wanted;
  ASSERT_EQ(state, wanted) << job(id).dump();
}

Json AgentTest::await_end(const std::string& id, int64_t within_ms) const {
  Json now = job(id);
  EXPECT_TRUE(eventually([&] { return !(now = job(id))["ended_ms"].is_null(); }, within_ms)) << now.dump();
  return now;
}

std::vector<Event> AgentTest::events(const std::string& id) const {
  SQLite::Database db((state() / "stoker.db").string(), SQLite::OPEN_READONLY, 10'000);
  SQLite::Statement rows(
      db, "SELECT seq, kind, data FROM events WHERE job = (SELECT row FROM jobs WHERE id = ?) ORDER BY seq");
  rows.bind(1, id);
  std::vector<Event> found;
  while (rows.executeStep())
    found.push_back({rows.getColumn(0).getInt64(), rows.getColumn(1).getString(), rows.getColumn(2).getString()});
  return found;
}

std::string AgentTest::artifact(const std::string& id, const std::string& path) const {
  const Answer answer = api().call("GET", "/v1/jobs/" + id + "/artifacts/" + path);
  EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
  return answer.body;
}

fs::path AgentTest::remote_folder(const std::string& id) const {
  return state() / "local" / job(id)["instance_id"].text() / "home" / ".stoker" / "jobs" / (id + "-1");
}

void AgentTest::expect_gapless(const std::string& id) const {
  const std::vector<Event> all = events(id);
  ASSERT_FALSE(all.empty());
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i].id, static_cast<int64_t>(i + 1));
  EXPECT_EQ(all.back().kind, "end");
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const Event& event) { return event.kind == "end"; }), 1);
}

void AgentTest::expect_nothing_rented() const {
  std::string open;
  const auto none = [&] {
    open.clear();
    for (const Json& one : Json::parse(api().call("GET", "/v1/instances?limit=1000").body, "instances")["data"].items())
      if (one["state"].text() != "gone" && one["state"].text() != "refused") open += one.dump();
    return open.empty();
  };
  EXPECT_TRUE(eventually(none)) << open;
}

std::string json_text(const std::string& text) {
  JsonWriter json;
  json.text(text);
  return json.str();
}

std::string job_spec(const std::string& run, const std::string& more) {
  return R"({"name":"e2e","provider":"local","run":)" + json_text(run) + (more.empty() ? "" : "," + more) + "}";
}

std::string witness(int lines, const fs::path& gate) {
  std::string script = "echo $$ >> \"$STOKER_ARTIFACTS/starts\"\nseq -f 'line %.0f' 1 " + std::to_string(lines) + "\n";
  // The trap: bash goes on after an INT that came just when a `sleep` had ended by itself.
  if (!gate.empty())
    script +=
        "trap 'exit 1' INT TERM\nuntil [ -e '" + gate.string() + "' ]; do sleep 0.02; done\necho the gate is open\n";
  return script;
}

std::string witness_log(int lines) {
  std::string log;
  for (int i = 1; i <= lines; ++i) log += "line " + std::to_string(i) + "\n";
  return log;
}

}  // namespace stoker::e2e
