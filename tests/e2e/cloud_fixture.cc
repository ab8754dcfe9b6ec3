#include "tests/e2e/cloud_fixture.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPython = "/usr/bin/python3";

// Port 22 of 127.0.0.N is free there, and nothing leads out.
bool enter_private_network() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) return false;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
  ::close(fd);
  return up;
}

bool private_network = false;

// The vendors' OpenAPI documents, where somebody has put them.
fs::path specs() {
  const char* given = ::getenv("STOKER_SPECS");
  const fs::path folder = given ? given : STOKER_SOURCE_DIR "/../shared/specs";
  return fs::exists(folder / "lambda-openapi.json") ? fs::canonical(folder) : fs::path();
}

}  // namespace

void CloudTest::SetUpTestSuite() {
  if (!private_network) private_network = enter_private_network();
}

CloudTest::CloudTest() {
  std::string name = fs::temp_directory_path() / "stoker-cloud-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  cloud_folder = name;
}

CloudTest::~CloudTest() {
  if (cloud > 0) {
    ::kill(cloud, SIGKILL);
    ::waitpid(cloud, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove_all(cloud_folder, ignored);
}

void CloudTest::SetUp() {
  if (!private_network) GTEST_SKIP() << "only root can make a network and machines of its own";
}

void OneCloudTest::SetUp() {
  CloudTest::SetUp();
  if (IsSkipped()) return;
  start_cloud(20);
  enable({name()});
  start_fast_agent();
  connect(name());
}

void CloudTest::TearDown() {
  if (!private_network) return;
  AgentTest::TearDown();
  if (HasFailure()) std::fputs(("the cloud's history:\n" + content(cloud_folder / "history.jsonl")).c_str(), stderr);
  if (cloud <= 0) return;
  ::kill(cloud, SIGTERM);
  EXPECT_EQ(wait_for(cloud, 20'000), 0) << content(cloud_folder / "output");
  cloud = -1;
}

void CloudTest::start_cloud(double how_fast, const std::string& machines, const Words& more) {
  speed = how_fast;
  Words words = {kPython,
                 "-B",
                 STOKER_SOURCE_DIR "/tests/fakecloud/fakecloud.py",
                 "--folder",
                 cloud_folder.string(),
                 "--speed",
                 std::to_string(speed),
                 "--machines",
                 machines};
  if (const fs::path folder = specs(); !folder.empty())
    words.insert(words.end(), {"--specs", folder.string()});
  else
    std::fputs("the vendors' OpenAPI documents are not here (STOKER_SPECS): traffic is not held against them\n",
               stderr);
  words.insert(words.end(), more.begin(), more.end());
  cloud = start(words, {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"},
                cloud_folder / "output");
  const bool ready = eventually(
      [&] { return fs::exists(cloud_folder / "ready.json") || ::waitpid(cloud, nullptr, WNOHANG) == cloud; });
  if (!ready || !fs::exists(cloud_folder / "ready.json"))
    throw std::runtime_error("fakecloud does not start: " + content(cloud_folder / "output"));
}

std::string CloudTest::url(const std::string& name) const {
  return Json::parse(content(cloud_folder / "ready.json"), "ready.json")[name].text();
}

Words CloudTest::hosts_of(const std::string& name) {
  Words hosts;
  std::istringstream words(dialect_of(name).hosts);
  for (std::string host; words >> host;) hosts.push_back(host);
  return hosts;
}

std::string CloudTest::secret_field(const std::string& name) { return dialect_of(name).secret_field; }

std::string CloudTest::values_of(const std::string& name, const std::string& secret) {
  const std::string field = "\"" + secret_field(name) + "\":";
  if (name != "aws") return field + json_text(secret);
  const size_t key = secret.find(':'), token = std::min(secret.find(':', key + 1), secret.size());
  std::string values = R"("access_key_id":)" + json_text(secret.substr(0, key)) + "," + field +
                       json_text(secret.substr(key + 1, token - key - 1));
  if (token < secret.size()) values += R"(,"session_token":)" + json_text(secret.substr(token + 1));
  return values;
}

void CloudTest::enable(const Words& clouds) const {
  std::string plugins = "local, ssh, transformers", endpoints;
  for (const std::string& one : clouds) {
    plugins += ", " + one;
    for (const std::string& host : hosts_of(one))
      endpoints += (endpoints.empty() ? "" : ", ") + host + ": \"" + url(one) + "\"";
  }
  write_config("plugins: [" + plugins + "]\nhttp: { endpoints: { " + endpoints + " } }\n");
}

void CloudTest::start_fast_agent() {
  if (!try_start({program("gated-agent")}, on_cloud_time()))
    throw std::runtime_error("the agent ended at its start: " + agent_log());
}

Words CloudTest::on_cloud_time(const Words& more) const {
  Words all = {"STOKER_E2E_CLOCK=" + (cloud_folder / "clock").string(), "STOKER_E2E_SPEED=" + std::to_string(speed)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string CloudTest::credential(const std::string& name, const std::string& which) const {
  return Json::parse(content(cloud_folder / "credentials.json"), "credentials.json")[name][which].text();
}

std::string CloudTest::token_without(const std::string& scope) const {
  return Json::parse(content(cloud_folder / "credentials.json"), "credentials.json")["digitalocean"]["without"][scope]
      .text();
}

Answer CloudTest::post_account(const std::string& name, const std::string& secret) const {
  return api().call("POST", "/v1/accounts",
                    R"({"provider":")" + name + R"(","values":{)" + values_of(name, secret) + "}}");
}

void CloudTest::connect(const std::string& name) const {
  const Answer answer = post_account(name, credential(name));
  ASSERT_EQ(answer.status, 201) << answer.body;
}

uint16_t CloudTest::control_port() const {
  const std::string at = url("control");
  return static_cast<uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
}

Json CloudTest::order(const std::string& path, const std::string& body) const {
  const Answer answer = ApiClient(control_port(), "").call("POST", path, body);
  if (answer.status != 200) throw std::runtime_error(path + ": " + answer.body);
  return Json::parse(answer.body, path);
}

Json CloudTest::ask(const std::string& path) const {
  return Json::parse(ApiClient(control_port(), "").call("GET", path).body, path);
}

Words CloudTest::history(const std::string& text) const {
  Words lines = lines_of(content(cloud_folder / "history.jsonl"));
  std::erase_if(lines, [&](const std::string& line) { return line.find(text) == std::string::npos; });
  return lines;
}

void CloudTest::expect_nothing_left(const std::string& name) const {
  // What costs nothing goes soon after the job has ended.
  EXPECT_TRUE(eventually([&] { return judgement(name)["keys_left"].items().empty(); }, 20'000));
  const Json judged = judgement(name);
  for (const char* what : {"alive", "doubled", "keys_left", "foreign_touched", "violations"})
    EXPECT_EQ(judged[what].dump(), "[]") << name << ": " << what;
  EXPECT_EQ(history("\"broken\"").size(), 0U) << "a fault of fakecloud itself";
}

std::string cloud_job(const std::string& provider, const std::string& run, const std::string& more) {
  return R"({"name":"cloud","provider":")" + provider + R"(","run":)" + json_text(run) +
         R"(,"limits":{"max_hours":2})" + (more.empty() ? "" : "," + more) + "}";
}

}  // namespace stoker::e2e
