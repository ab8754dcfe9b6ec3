#include <simdjson.h>

#include <chrono>
#include <thread>

#include "core/api/openapi.h"
#include "core/api/schema.h"
#include "core/api/series.h"
#include "core/api/stored_file.h"
#include "core/store/artifacts.h"
#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

class ResourcesTest : public World {
 protected:
  void SetUp() override { serve(); }

  Answer call(const std::string& method, const std::string& path, const std::string& token = kApp,
              const std::vector<std::pair<std::string, std::string>>& fields = {}, const std::string& body = {}) {
    RawClient client(server->port());
    return client.call(method, path, token, fields, body);
  }
  Answer submit(const std::string& body, const std::string& key = {}) {
    std::vector<std::pair<std::string, std::string>> fields = {{"Content-Type", "application/json"}};
    if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
    return call("POST", "/v1/jobs", kApp, fields, body);
  }
  Answer upload(const std::string& bytes, const std::string& name = "a.bin") {
    return call("POST", "/v1/files?name=" + name, kApp, {{"Content-Type", "application/octet-stream"}}, bytes);
  }
};

std::string text_of(const std::string& json, std::string_view key) {
  simdjson::dom::parser parser;
  std::string_view value;
  return parser.parse(json)[key].get(value) == simdjson::SUCCESS ? std::string(value) : "";
}

void expect_schema(const Answer& answer, std::string_view name) {
  SCOPED_TRACE(std::string(name) + " " + answer.body);
  simdjson::dom::parser schema_parser, parser;
  for (const auto& [known, schema] : schemas()) {
    if (known != name) continue;
    const simdjson::dom::element wanted = schema_parser.parse(schema);
    const simdjson::dom::element given = parser.parse(answer.body);
    for (const simdjson::dom::element key : wanted["required"].get_array()) {
      simdjson::dom::element value;
      EXPECT_EQ(given[std::string_view(key)].get(value), simdjson::SUCCESS) << std::string_view(key);
    }
    simdjson::dom::object properties;
    if (wanted["properties"].get(properties) != simdjson::SUCCESS) return;
    for (const auto [key, value] : given.get_object()) {
      simdjson::dom::element property;
      EXPECT_EQ(properties[key].get(property), simdjson::SUCCESS) << key << " is not in the schema";
    }
    return;
  }
  ADD_FAILURE() << "no schema";
}

TEST_F(ResourcesTest, HealthSaysLittle) {
  const Answer answer = call("GET", "/v1/health", "");
  expect_schema(answer, "Health");
  EXPECT_EQ(text_of(answer.body, "version"), "1.2.3");
}

TEST_F(ResourcesTest, SubmitsShowsListsAndCancelsAJob) {
  const Answer first = submit(R"({"name":"a","run":"true"})", "key");
  ASSERT_EQ(first.status, 202) << first.body;
  expect_schema(first, "Job");
  const std::string id = text_of(first.body, "id");
  EXPECT_EQ(first.field("Location"), "/v1/jobs/" + id);
  EXPECT_EQ(text_of(submit(R"({"name":"a","run":"true"})", "key").body, "id"), id);
  EXPECT_EQ(submit(R"({"name":"b","run":"true"})", "key").status, 409);
  expect_schema(call("GET", "/v1/jobs/" + id), "Job");
  EXPECT_EQ(call("GET", "/v1/jobs/" + id, kOther).status, 404);
  EXPECT_EQ(call("POST", "/v1/jobs/" + id + "/cancel", kOther).status, 404);
  const int cancelled = call("POST", "/v1/jobs/" + id + "/cancel").status;
  EXPECT_TRUE(cancelled == 202 || cancelled == 409) << cancelled;
}

TEST_F(ResourcesTest, JobsAreListedByTheTimeTheyShowThoughOneWasOvertaken) {
  std::string second;
  jobs::Submission first;
  first.spec_json = R"({"run":"true","provider":"local"})";
  first.admin = true;
  first.earlier = [&](store::Connection&) -> std::optional<store::JobRow> {
    if (!second.empty()) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    jobs::Submission other;
    other.spec_json = first.spec_json;
    other.admin = true;
    second = supervisor.submit(other).id;
    return std::nullopt;
  };
  const store::JobRow overtaken = supervisor.submit(first);
  const auto listed = db.read([](store::Connection& c) { return store::Jobs(c).list(10, ""); });
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].id, overtaken.id);
  EXPECT_EQ(listed[1].id, second);
  EXPECT_GE(listed[0].created_ms, listed[1].created_ms);
}

TEST_F(ResourcesTest, FilesAreListedByTheTimeTheyShowThoughOneTookLonger) {
  RawClient slow(server->port());
  const std::string begun =
      slow.request("POST", "/v1/files?name=slow", kApp, {{"Content-Type", "application/octet-stream"}}, "slow bytes");
  slow.send(begun.substr(0, begun.size() - 1));
  while (!std::filesystem::exists(folder.path() / "files") || std::filesystem::is_empty(folder.path() / "files"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_EQ(upload("quick", "quick").status, 201);
  slow.send(begun.substr(begun.size() - 1));
  ASSERT_EQ(slow.read_answer().status, 201);
  const auto listed = db.read([](store::Connection& c) { return store::Files(c).list(10, ""); });
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].name + " " + listed[1].name, "slow quick");
  EXPECT_GE(listed[0].created_ms, listed[1].created_ms);
}

TEST_F(ResourcesTest, TheStoreHoldsNoHashOfASecret) {
  const std::string first = R"({"run":"true","provider":"local","secrets":{"PIN":"1234"}})";
  const std::string second = R"({"run":"true","provider":"local","secrets":{"PIN":"9876"}})";
  const auto hash_of = [&](const Answer& answer) {
    EXPECT_EQ(answer.status, 202) << answer.body;
    const std::string id = text_of(answer.body, "id");
    return db.read([&](store::Connection& c) { return store::Jobs(c).find(id).value().request_hash; });
  };
  EXPECT_EQ(hash_of(submit(first)), hash_of(submit(second)));
}

TEST_F(ResourcesTest, RefusesBadJobsWithTheField) {
  EXPECT_EQ(submit("{").status, 400);
  const Answer unknown = submit(R"({"name":"a","rum":"true"})");
  EXPECT_EQ(unknown.status, 400);
  expect_schema(unknown, "Problem");
  EXPECT_EQ(text_of(unknown.body, "field"), "rum");
  EXPECT_EQ(submit(R"({"name":"a","run":"true"})", std::string(256, 'k')).status, 400);
  EXPECT_EQ(submit(R"({"run":"true","inputs":[{"from":"/etc/hosts","to":"x"}]})").status, 403);
}

TEST_F(ResourcesTest, AJobThatHasEndedCanNotBeCancelled) {
  add_job("job1", store::JobState::succeeded);
  const Answer answer = call("POST", "/v1/jobs/job1/cancel");
  EXPECT_EQ(answer.status, 409) << answer.body;
  expect_schema(answer, "Problem");
}

TEST_F(ResourcesTest, PagesThroughTheJobsOfTheCaller) {
  for (int i = 0; i < 7; ++i) add_job("job" + std::to_string(i), store::JobState::succeeded, i % 2 ? "other" : "app");
  const Answer first = call("GET", "/v1/jobs?limit=3");
  expect_schema(first, "JobList");
  EXPECT_EQ(text_of(first.body, "last_id"), "job2");
  EXPECT_NE(first.body.find(R"("has_more":true)"), std::string::npos);
  const Answer second = call("GET", "/v1/jobs?limit=3&after=job2");
  EXPECT_EQ(text_of(second.body, "last_id"), "job0");
  EXPECT_NE(second.body.find(R"("has_more":false)"), std::string::npos);
  for (const char* bad : {"0", "1001", "x", "-1"})
    EXPECT_EQ(call("GET", std::string("/v1/jobs?limit=") + bad).status, 400);
  EXPECT_EQ(call("GET", "/v1/jobs?after=nothing").status, 400);
}

TEST_F(ResourcesTest, KeepsUploadedFiles) {
  const std::string bytes(3'000'000, 'b');
  const Answer made = upload(bytes);
  ASSERT_EQ(made.status, 201) << made.body;
  expect_schema(made, "File");
  const std::string id = text_of(made.body, "id");
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "files" / id), bytes.size());
  EXPECT_EQ(std::filesystem::status(folder.path() / "files" / id).permissions(), std::filesystem::perms(0600));
  expect_schema(call("GET", "/v1/files/" + id), "File");
  expect_schema(call("GET", "/v1/files"), "FileList");
  EXPECT_EQ(call("GET", "/v1/files/" + id, kOther).status, 404);
  EXPECT_EQ(call("DELETE", "/v1/files/" + id, kOther).status, 404);
  EXPECT_EQ(call("DELETE", "/v1/files/" + id).status, 204);
  EXPECT_EQ(call("GET", "/v1/files/" + id).status, 404);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
}

TEST_F(ResourcesTest, AnUploadThatBreaksOffLeavesNothing) {
  {
    RawClient client(server->port());
    client.send("POST /v1/files HTTP/1.1\r\nHost: " + client.host() + "\r\nAuthorization: Bearer " + kApp +
                "\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhalf");
  }
  EXPECT_EQ(upload("x", "%0a").status, 400);
  server->stop();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
}

TEST_F(ResourcesTest, RefusesAnUploadThatDoesNotFit) {
  RawClient client(server->port());
  client.send("POST /v1/files HTTP/1.1\r\nHost: " + client.host() + "\r\nAuthorization: Bearer " + kApp +
              "\r\nContent-Type: application/octet-stream\r\nContent-Length: 8589934593\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(ResourcesTest, ServesTheCommittedLogAndItsRanges) {
  add_job("job1");
  EXPECT_EQ(call("GET", "/v1/jobs/job1/log").body, "");
  set_log("job1", "0123456789", store::JobState::running);
  write_private_file(folder.path() / "jobs" / "job1" / "log", "0123456789uncommitted");
  const Answer whole = call("GET", "/v1/jobs/job1/log");
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(whole.field("Content-Type"), "application/octet-stream");
  const Answer part = call("GET", "/v1/jobs/job1/log", kApp, {{"Range", "bytes=2-4"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.field("Content-Range"), "bytes 2-4/10");
  const Answer outside = call("GET", "/v1/jobs/job1/log", kApp, {{"Range", "bytes=10-"}});
  EXPECT_EQ(outside.status, 416);
  EXPECT_EQ(outside.field("Content-Range"), "bytes */10");
}

TEST_F(ResourcesTest, ServesArtifactsAndNothingBesideThem) {
  add_job("job1");
  const auto base = folder.path() / "jobs" / "job1" / "artifacts";
  ensure_private_folder(base / "out");
  write_private_file(base / "out" / "a b.txt", "content");
  write_private_file(folder.path() / "secret", "secret");
  std::filesystem::create_symlink(folder.path() / "secret", base / "link");
  db.write("rows", [&](store::Connection& c) {
    for (const char* path : {"out/a b.txt", "link", "../../../secret", "out"})
      store::Artifacts(c).put({"job1", path, 7, "0123456789abcdef", true});
  });
  expect_schema(call("GET", "/v1/jobs/job1/artifacts"), "ArtifactList");
  const Answer file = call("GET", "/v1/jobs/job1/artifacts/out/a%20b.txt");
  EXPECT_EQ(file.body, "content");
  EXPECT_EQ(file.field("Content-Disposition"), "attachment");
  for (const char* bad : {"link", "%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret", "..%2f..%2f..%2fsecret", "out", "absent"}) {
    const Answer answer = call("GET", std::string("/v1/jobs/job1/artifacts/") + bad);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << bad << answer.status;
    EXPECT_EQ(answer.body.find("\"secret\""), std::string::npos);
  }
}

TEST_F(ResourcesTest, ThinsMetricsOnRequest) {
  add_job("job1");
  for (int i = 0; i < 50; ++i)
    append("job1", "metric",
           R"({"step":)" + std::to_string(i) + R"(,"values":{"loss":)" + std::to_string(50 - i) + R"(,"lr":null}})", i);
  const Answer all = call("GET", "/v1/jobs/job1/metrics");
  expect_schema(all, "MetricList");
  EXPECT_NE(all.body.find(R"("name":"lr")"), std::string::npos);
  const Answer some = call("GET", "/v1/jobs/job1/metrics?names=loss&max_points=3");
  EXPECT_EQ(some.body.find(R"("name":"lr")"), std::string::npos);
  EXPECT_NE(some.body.find(R"({"step":0.0,"t":0,"value":50.0})"), std::string::npos) << some.body;
  EXPECT_NE(some.body.find(R"({"step":49.0,"t":49,"value":1.0}]}]})"), std::string::npos) << some.body;
}

TEST_F(ResourcesTest, ListsPluginsAndInstances) {
  expect_schema(call("GET", "/v1/plugins"), "PluginList");
  expect_schema(call("GET", "/v1/instances"), "InstanceList");
  store::InstanceRow row;
  row.id = "stk-1";
  row.job_id = add_job("job1").id;
  row.provider = "x";
  row.phase = store::InstancePhase::alive;
  db.write("row", [&](store::Connection& c) { store::Instances(c).insert(row); });
  expect_schema(call("GET", "/v1/instances/stk-1"), "Instance");
  EXPECT_EQ(call("GET", "/v1/instances/stk-1", kOther).status, 404);
  const std::vector<std::pair<std::string, std::string>> json = {{"Content-Type", "application/json"}};
  EXPECT_EQ(call("PUT", "/v1/instances/stk-1/keep", kAdmin, json, R"({"idle_minutes":0})").status, 400);
  const Answer kept = call("PUT", "/v1/instances/stk-1/keep", kAdmin, json, R"({"idle_minutes":5})");
  EXPECT_NE(kept.body.find(R"("kept":true)"), std::string::npos) << kept.body;
  EXPECT_EQ(call("DELETE", "/v1/instances/stk-1/keep", kAdmin).status, 200);
  EXPECT_EQ(call("DELETE", "/v1/instances/stk-1", kAdmin).status, 202);
}

TEST_F(ResourcesTest, WhatIsOfOthersIsAsIfItWereNotThere) {
  add_job("job1");
  set_log("job1", "secret\n", store::JobState::running);
  const std::string file = text_of(upload("abc").body, "id");
  store::InstanceRow row;
  row.id = "stk-1";
  row.job_id = "job1";
  row.provider = "local";
  row.phase = store::InstancePhase::alive;
  db.write("row", [&](store::Connection& c) { store::Instances(c).insert(row); });
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    return text;
  };
  int tried = 0;
  for (const Route& route : routes()) {
    const std::string path = with(route.path, "{path...}", "x");
    if (route.scope != Scope::run || path.find("{id}") == std::string::npos) continue;
    SCOPED_TRACE(std::string(route.method) + " " + path);
    const std::string mine = path.find("/files/") != std::string::npos       ? file
                             : path.find("/instances/") != std::string::npos ? "stk-1"
                                                                             : "job1";
    const Answer foreign = call(route.method, with(path, "{id}", mine), kOther);
    const Answer absent = call(route.method, with(path, "{id}", "none"), kOther);
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(with(foreign.body, mine, "none"), absent.body);
    ++tried;
  }
  EXPECT_GE(tried, 10);
  EXPECT_EQ(call("GET", "/v1/files/" + file).status, 200);
  EXPECT_FALSE(db.read([](store::Connection& c) { return store::Jobs(c).find("job1"); })->cancel_requested);
}

TEST_F(ResourcesTest, OpenApiListsExactlyTheRoutes) {
  const Answer answer = call("GET", "/openapi.json");
  expect_schema(answer, "OpenApi");
  simdjson::dom::parser parser;
  const simdjson::dom::element document = parser.parse(answer.body);
  std::set<std::string> listed, served;
  for (const auto [path, operations] : document["paths"].get_object())
    for (const auto [method, operation] : simdjson::dom::object(operations))
      listed.insert(std::string(method) + " " + std::string(path));
  for (const Route& route : routes()) {
    std::string line = route.method;
    for (char& c : line) c = static_cast<char>(c | 0x20);
    line += std::string(" ") + route.path;
    if (const size_t dots = line.find("...}"); dots != std::string::npos) line.erase(dots, 3);
    served.insert(line);
    simdjson::dom::element schema;
    if (!route.schema) continue;
    EXPECT_EQ(document["components"]["schemas"][route.schema].get(schema), simdjson::SUCCESS);
  }
  EXPECT_EQ(listed, served);
}

TEST(Series, KeepsTheSpikeAndTheEnds) {
  Series series;
  for (int i = 0; i < 10'000; ++i) series.add({double(i), i, i == 5000 ? 1000.0 : 1.0});
  const auto points = series.thinned(100);
  ASSERT_EQ(points.size(), 100u);
  EXPECT_EQ(points.front().t_ms, 0);
  EXPECT_EQ(points.back().t_ms, 9999);
  EXPECT_TRUE(std::any_of(points.begin(), points.end(), [](const Point& p) { return p.value == 1000.0; }));
}

TEST_F(ResourcesTest, WhatAnAgentThatDiedLeftAmongTheFilesIsRemoved) {
  const std::string id = text_of(upload("kept").body, "id");
  const std::filesystem::path files = folder.path() / "files";
  std::ofstream(files / "file-aaaaaaaaaaaaa") << "nobody's";
  std::ofstream(files / "file-bbbbbbbbbbbbb.part") << "half";
  remove_stray_files(context());
  EXPECT_TRUE(std::filesystem::exists(files / id));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(files), {}), 1);
}

}  // namespace
}  // namespace stoker::api
