#include <gmock/gmock.h>
#include <simdjson.h>

#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

using testing::HasSubstr;

class TemplatesTest : public World {
 protected:
  void SetUp() override { serve(); }

  Answer call(const std::string& method, const std::string& path, const std::string& body = {},
              const std::string& token = kApp) {
    RawClient client(server->port());
    std::vector<std::pair<std::string, std::string>> fields;
    if (!body.empty()) fields.emplace_back("Content-Type", "application/json");
    return client.call(method, path, token, fields, body);
  }
  std::string upload(const std::string& bytes) {
    RawClient client(server->port());
    const Answer answer = client.call("POST", "/v1/files", kApp, {{"Content-Type", "application/octet-stream"}}, bytes);
    simdjson::dom::parser parser;
    return std::string(std::string_view(parser.parse(answer.body)["id"]));
  }
};

TEST_F(TemplatesTest, AreListedAndShownWithTheirParameters) {
  const Answer list = call("GET", "/v1/templates");
  ASSERT_EQ(list.status, 200);
  simdjson::dom::parser parser;
  const simdjson::dom::array all = parser.parse(list.body)["data"];
  EXPECT_EQ(all.size(), 4U);
  const Answer one = call("GET", "/v1/templates/transformers-sft");
  ASSERT_EQ(one.status, 200);
  EXPECT_THAT(list.body, HasSubstr(one.body));
  EXPECT_THAT(one.body, HasSubstr(R"("ran_on":"nothing","needs_gpu":true,"can_serve":true)"));
  EXPECT_THAT(one.body,
              HasSubstr(R"({"name":"epochs","type":"integer","default":3,"exceptions":[],"min":1,"max":50,)"));
  EXPECT_THAT(one.body, HasSubstr(R"("exceptions":[{"parameter":"method","value":"full","default":0.00001}])"));
  EXPECT_THAT(one.body, HasSubstr(R"("choices":["lora","qlora","full"])"));
}

TEST_F(TemplatesTest, AnUnknownOneNamesTheNearest) {
  const Answer answer = call("GET", "/v1/templates/tiny-llm");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("there is no template 'tiny-llm'"));
  EXPECT_THAT(answer.body, HasSubstr("did you mean 'tiny-lm'?"));
}

TEST_F(TemplatesTest, AJobKeepsTemplateAndParams) {
  const std::string file = upload("{}\n");
  const Answer made = call("POST", "/v1/jobs",
                           R"({"template":"tiny-lm","params":{"epochs":2},"inputs":[{"from":"file:)" + file +
                               R"(","to":"data/train.jsonl"}],"log_parser":"none"})");
  ASSERT_EQ(made.status, 202) << made.body;
  EXPECT_THAT(made.body, HasSubstr(R"("template":"tiny-lm","params":{"model":"tiny-lm","method":"full","epochs":2,)"));
  EXPECT_THAT(made.body, HasSubstr(R"("rendered":{"setup":"","run":"exec python3 template/train.py)"));
}

TEST_F(TemplatesTest, ABadParameterIsAProblemWithItsField) {
  const Answer answer =
      call("POST", "/v1/jobs",
           R"({"template":"tiny-lm","params":{"epochs":0},"inputs":[{"from":"file:x","to":"data/train.jsonl"}]})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("field":"params.epochs")"));
}

// How many examples a file holds is its owner's alone to know.
TEST_F(TemplatesTest, AnEstimateDoesNotReadTheFilesOfOthers) {
  const std::string spec = R"({"template":"tiny-lm","inputs":[{"from":"file:)" + upload("not json\n") +
                           R"(","to":"data/train.jsonl"}],"log_parser":"none"})";
  const Answer foreign = call("POST", "/v1/estimates", spec, kOther);
  EXPECT_EQ(foreign.status, 400);
  EXPECT_THAT(foreign.body, HasSubstr("inputs[0].from: there is no file "));
  EXPECT_THAT(call("POST", "/v1/estimates", spec).body, testing::Not(HasSubstr("there is no file")));
}

TEST_F(TemplatesTest, OffersAreAskedForInTermsOfATemplate) {
  const Answer unknown = call("GET", "/v1/offers?template=tiny-llm");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, HasSubstr("did you mean 'tiny-lm'?"));
  const Answer alone = call("GET", "/v1/offers?params=%7B%7D");
  EXPECT_EQ(alone.status, 400);
  EXPECT_THAT(alone.body, HasSubstr(R"("field":"params")"));
  const Answer bad = call("GET", "/v1/offers?template=trl-dpo&params=%7B%22beta%22:3%7D");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("params.beta: must be from 0.001 to 2, not 3"));
  const Answer good = call("GET", "/v1/offers?template=trl-dpo");
  EXPECT_EQ(good.status, 200) << good.body;
  EXPECT_THAT(good.body, HasSubstr(R"("too_small":[])"));
}

}  // namespace
}  // namespace stoker::api
