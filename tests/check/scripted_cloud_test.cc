#include "sdk/check/scripted_cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "sdk/check/test.h"
#include "sdk/include/stoker/cpp/json.hpp"

namespace stoker::check {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kCloud = R"(
base: https://api.acme.example/v1
auth: {header: Authorization, value: "Bearer {secret.token}"}
errors:
  bad_token: {status: 401, body: {error: no}}
  missing: {status: 404, body: {error: none}}
  slow: {status: 429, headers: {Retry-After: "3"}, body: wait}
records:
  types: [{id: a, n: 1}, {id: b, n: 2}, {id: c, n: 3}]
routes:
  GET /types: {list: types, as: data.items, pages: {number: page, size: 2, next: next}}
  GET /map: {list: types, by: id, item: {number: "{n}"}}
  POST /machines:
    refuse: {when: "{body.name}", is: evil, error: slow}
    make: machines
    with: {name: "{body.name}", tags: "{body.tags}"}
    states: [new, up]
    same: "{body.token}"
    status: 201
    item: {id: "{id}", name: "{name}", state: "{state}"}
  GET /machines?kind=none: {body: {data: []}}
  GET /machines: {list: machines, where: {tags: "{query.tag}"}, as: data}
  "GET /machines/{id}": {show: machines, item: {id: "{id}", state: "{state}"}}
  POST /remove: {drop: machines, ids: "{body.ids}"}
)";

class ScriptedCloudTest : public testing::Test {
 protected:
  ScriptedCloudTest() {
    std::string name = fs::temp_directory_path() / "stoker-scripted-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~ScriptedCloudTest() override { fs::remove_all(folder_); }

  ScriptedCloud& cloud(const std::string& yaml = kCloud) {
    std::ofstream(folder_ / "cloud.yaml") << yaml;
    cloud_ = std::make_unique<ScriptedCloud>(folder_ / "cloud.yaml");
    return *cloud_;
  }
  HttpReply ask(const std::string& method, const std::string& path, const std::string& body = {}) const {
    HttpMessage message{method, "https://api.acme.example/v1" + path, {}, {}, body};
    message.secrets.emplace_back("Authorization", "Bearer " + cloud_->secrets().at("token"));
    return cloud_->answer(message);
  }
  Json json(const std::string& method, const std::string& path, const std::string& body = {}) const {
    return Json::parse(ask(method, path, body).body, path, STOKER_E_INTERNAL);
  }
  std::string refusal(const std::string& yaml) {
    try {
      cloud(yaml);
    } catch (const Failed& failed) {
      return failed.what();
    }
    return "none";
  }

  fs::path folder_;
  std::unique_ptr<ScriptedCloud> cloud_;
};

TEST_F(ScriptedCloudTest, ListsByPages) {
  cloud();
  const Json first = json("GET", "/types"), second = json("GET", "/types?page=2");
  EXPECT_EQ(first["data"]["items"].items().size(), 2U);
  EXPECT_EQ(first["next"].integer(), 2);
  EXPECT_EQ(second["data"]["items"].items().size(), 1U);
  EXPECT_FALSE(second["next"].exists());
  EXPECT_EQ(json("GET", "/map")["b"]["number"].integer(), 2);
}

TEST_F(ScriptedCloudTest, MakesShowsAndDrops) {
  cloud();
  EXPECT_EQ(cloud_->creating_route(), "POST /machines");
  const HttpReply made = ask("POST", "/machines", R"({"name":"one","tags":["x","y"],"token":"t1"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body, R"({"id":"id-1001","name":"one","state":"new"})");
  EXPECT_EQ(json("POST", "/machines", R"({"name":"one","token":"t1"})")["id"].text(), "id-1001") << "the same token";
  EXPECT_EQ(cloud_->machines_made(), 1U);
  EXPECT_EQ(json("GET", "/machines/id-1001")["state"].text(), "up");
  EXPECT_EQ(json("GET", "/machines?tag=y")["data"].items().size(), 1U);
  EXPECT_EQ(json("GET", "/machines?tag=z")["data"].items().size(), 0U);
  EXPECT_EQ(json("GET", "/machines?kind=none&tag=y")["data"].items().size(), 0U);
  EXPECT_EQ(ask("POST", "/remove", R"({"ids":["id-1001"]})").status, 200);
  EXPECT_EQ(cloud_->machines(), 0U);
  EXPECT_EQ(ask("GET", "/machines/id-1001").body, R"({"error":"none"})");
}

TEST_F(ScriptedCloudTest, SaysNo) {
  cloud();
  EXPECT_EQ(cloud_->answer({"GET", "https://api.acme.example/v1/types", {}, {}, {}}).status, 401);
  const HttpReply refused = ask("POST", "/machines", R"({"name":"evil"})");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body, "wait");
  EXPECT_EQ(refused.headers.at(0).second, "3");
  EXPECT_EQ(cloud_->machines_made(), 0U);
  EXPECT_EQ(ask("PUT", "/types").status, 404);
  EXPECT_EQ(cloud_->complaints().at(0), "PUT https://api.acme.example/v1/types has no route");
}

TEST_F(ScriptedCloudTest, BreaksAsTold) {
  cloud();
  cloud_->break_with({.kind = CloudFault::Kind::lost, .times = 1});
  EXPECT_TRUE(ask("POST", "/machines", R"({"name":"one"})").lost);
  EXPECT_EQ(cloud_->machines_made(), 1U) << "it was done all the same";
  EXPECT_FALSE(ask("GET", "/types").lost) << "once only";
  cloud_->break_with({.kind = CloudFault::Kind::error, .error = "slow", .route = "GET /types", .times = -1});
  EXPECT_EQ(ask("GET", "/types").status, 429);
  EXPECT_EQ(ask("GET", "/map").status, 200);
  cloud_->break_with({.kind = CloudFault::Kind::mutated, .times = -1, .seed = 4});
  const std::string once = ask("GET", "/map").body;
  cloud_->break_with({.kind = CloudFault::Kind::mutated, .times = -1, .seed = 4});
  EXPECT_EQ(ask("GET", "/map").body, once) << "the same seed";
  cloud_->break_with({});
  EXPECT_NE(ask("GET", "/map").body, once);
}

TEST_F(ScriptedCloudTest, SaysWhichBodyCanNotBeRead) {
  cloud();
  for (const char* body : {"", "{\"name\":{\"deep\":[]}}", "null", "\"text\""})
    EXPECT_NO_THROW(ask("POST", "/machines", body)) << body;
  EXPECT_THAT(cloud_->complaints(), testing::IsEmpty());
  for (const char* body : {"{", "[1,", "{\"a\":\"\n", "- a\n-b"}) {
    EXPECT_EQ(ask("POST", "/machines", body).status, 404);
    EXPECT_THAT(cloud_->complaints().back(),
                StartsWith("POST https://api.acme.example/v1/machines is no JSON: its body:"));
  }
}

TEST_F(ScriptedCloudTest, NamesFileAndLineOfWhatItCanNotRead) {
  EXPECT_THAT(refusal("routes: {GET: {}}\n"),
              HasSubstr("cloud.yaml:1: `GET` is no route; write it as \"METHOD /path\": {...}"));
  EXPECT_THAT(refusal("routes: {GET /x: {}}\n"), HasSubstr("`base` is missing, the URL in front of all routes"));
  EXPECT_THAT(refusal("base: [\n"), StartsWith((folder_ / "cloud.yaml").string()));
}

TEST_F(ScriptedCloudTest, KnowsRecordsByAnotherFieldAndSecretsByTheirForm) {
  cloud(R"(
base: https://api.acme.example/v1
secrets: {token: '{"form": "of its own"}'}
records: {types: [{id: a, name: one}]}
routes:
  "GET /named/{id}": {show: types, by: name, item: {id: "{id}"}}
)");
  EXPECT_EQ(cloud_->secrets().at("token"), R"({"form": "of its own"})");
  EXPECT_EQ(ask("GET", "/named/one").body, R"({"id":"a"})");
  EXPECT_EQ(ask("GET", "/named/a").status, 404);
}

TEST_F(ScriptedCloudTest, MakesAFolderForTheTest) {
  const auto& config = cloud("config: {directory: \"{folder}\", other: text}\n").config();
  const fs::path made = config.at(0).second;
  EXPECT_TRUE(fs::is_directory(made));
  EXPECT_EQ(config.at(1).second, "text");
  cloud_.reset();
  EXPECT_FALSE(fs::exists(made));
}

}  // namespace
}  // namespace stoker::check
