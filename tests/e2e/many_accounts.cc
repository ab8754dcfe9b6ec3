#include "tests/e2e/many_accounts.h"

#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::e2e {
namespace {

// Of a key pair that nobody has.
constexpr const char* kForeignKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEx3rVTEnRDzRUFuTIVmc6UCVEFsSZjZq2u0GwLmJZeL theirs";

std::string seed(const std::string& cloud, size_t count, const std::string& settings) {
  const Dialect& dialect = dialect_of(cloud);
  JsonWriter json;
  json.begin_object().key(cloud).begin_object().key("settings").raw(settings).key("credentials").begin_array();
  for (size_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    json.begin_object().member("name", "a" + number).member("account", "a" + number);
    json.member("secret", "made-up-for-account-" + number + "-of-" + cloud).end_object();
  }
  json.end_array().key("keys").begin_array();
  json.begin_object().member("name", "theirs").member("public_key", kForeignKey).end_object().end_array();
  json.key("instances").begin_array();
  for (size_t i = 1; i <= count; ++i) {
    json.begin_object().member("name", "theirs").member("account", "a" + std::to_string(i));
    json.member("type", dialect.type).member("region", dialect.region);
    json.end_object();
  }
  return json.end_array().end_object().end_object().str();
}

}  // namespace

void ManyAccounts::start_with(const std::string& cloud_name, size_t count, double how_fast, const std::string& machines,
                              const std::string& settings) {
  name = cloud_name;
  const auto file = cloud_folder / "seed.json";
  std::ofstream(file) << seed(name, count, settings);
  start_cloud(how_fast, machines, {"--cloud", name, "--seed-state", file.string()});
  enable({name});
  start_fast_agent();
}

Answer ManyAccounts::post(const std::string& account) const {
  JsonWriter json;
  json.begin_object().member("id", account).member("provider", name).key("values").begin_object();
  json.member(secret_field(name), credential(name, account)).end_object().end_object();
  return api().call("POST", "/v1/accounts", json.str());
}

void ManyAccounts::connect_all() const {
  const Json known = Json::parse(content(cloud_folder / "credentials.json"), "credentials.json")[name];
  for (size_t i = 0; !known[account(i)].text().empty(); ++i) {
    const Answer answer = post(account(i));
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
}

void ManyAccounts::aim(const std::string& account, const std::string& operation, const std::string& members,
                       const std::string& place) const {
  fault(R"({"cloud":")" + name + R"(","account":")" + account + R"(","operation":")" + operation + "\"," + place + "," +
        members + "}");
}

void ManyAccounts::lift(const std::string& account) const {
  order("/lift", R"({"cloud":")" + name + R"(","account":")" + account + "\"}");
}

Json ManyAccounts::judged(const std::string& account) const { return ask("/judgement/" + account)[name]; }

std::string ManyAccounts::submit_to(const std::string& account, const std::string& run) const {
  return submit(cloud_job(account, run, R"("resources":{"gpu":"H100:1"})"));
}

void ManyAccounts::expect_clean(const std::string& account, bool may_double) const {
  EXPECT_TRUE(eventually(
      [&] {
        const Json now = judged(account);
        const bool done = now["keys_left"].items().empty() && now["alive"].items().empty();
        if (!done) ::usleep(50'000);
        return done;
      },
      60'000));
  const Json now = judged(account);
  EXPECT_EQ(now["alive"].dump(), "[]") << "machines that nobody will delete";
  EXPECT_EQ(now["keys_left"].dump(), "[]");
  EXPECT_TRUE(may_double || now["doubled"].items().empty()) << now["doubled"].dump();
}

void ManyAccounts::expect_clean_books() const {
  const Json now = judgement(name);
  for (const char* what : {"foreign_touched", "violations", "alive"}) EXPECT_EQ(now[what].dump(), "[]") << what;
  const size_t foreign = Json::parse(content(cloud_folder / "seed.json"), "seed")[name]["instances"].items().size();
  EXPECT_EQ(history("\"meter-started\"").size() - foreign, history("\"meter-stopped\"").size());
  EXPECT_EQ(history("\"broken\"").size(), 0U) << "a fault of fakecloud itself";
  if (name == "digitalocean") expect_no_tags();
}

void ManyAccounts::expect_no_tags() const {
  const std::string at = url(name);
  const ApiClient client(static_cast<uint16_t>(std::stoi(at.substr(at.rfind(':') + 1))), credential(name, "a1"));
  std::string tags;
  EXPECT_TRUE(eventually([&] {
    tags = client.call("GET", "/v2/tags?per_page=200").body;
    return !tags.empty() && tags.find("stk-run:") == std::string::npos;
  })) << tags;
}

}  // namespace stoker::e2e
