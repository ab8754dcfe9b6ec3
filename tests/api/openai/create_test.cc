// POST /openai/v1/fine_tuning/jobs on a real server: what is made of a request, and what is refused.
#include "tests/api/openai/openai_world.h"

namespace stoker::api {
namespace {

using testing::HasSubstr;

class OpenaiCreateTest : public OpenaiWorld {
 protected:
  void SetUp() override {
    OpenaiWorld::SetUp();
    file = upload(chats(10));
  }
  std::string refused(const std::string& more, const std::string& model = "tiny-lm") {
    return refusal(create(request(file, more, model)));
  }
  std::string file;
};

TEST_F(OpenaiCreateTest, GivesAJobAtOnce) {
  const Answer good = create(request(file, R"(,"suffix":"mine","seed":7,"metadata":{"a":"b"},"validation_file":null,)"
                                           R"("integrations":null,"hyperparameters":{"n_epochs":2})"));
  ASSERT_EQ(good.status, 200) << good.body;
  const std::string id = text_of(good, "id");
  EXPECT_TRUE(id.starts_with("ftjob-")) << id;
  EXPECT_EQ(text_of(good, "object") + " " + text_of(good, "model") + " " + text_of(good, "training_file"),
            "fine_tuning.job tiny-lm " + file);
  EXPECT_EQ(number_of(good, "seed"), 7);
  EXPECT_EQ(number_of(good, "hyperparameters/n_epochs"), 2);
  EXPECT_EQ(number_of(good, "method/supervised/hyperparameters/n_epochs"), 2);
  EXPECT_GT(number_of(good, "hyperparameters/batch_size"), 0) << "a number, never auto";
  EXPECT_EQ(number_of(good, "hyperparameters/learning_rate_multiplier"), 1);
  EXPECT_EQ(text_of(good, "metadata/a"), "b");
  EXPECT_THAT(good.body, HasSubstr(R"("fine_tuned_model":null)"));
  EXPECT_EQ(text_of(call("GET", std::string(kJobs) + "/" + id), "id"), id);
  const auto job =
      db.read([&](store::Connection& c) { return store::Jobs(c).find(text_of(good, "x_stoker/job_id")).value(); });
  EXPECT_EQ(job.name, "mine");
  EXPECT_THAT(job.spec, HasSubstr("\"file:" + file + "\""));
  EXPECT_THAT(job.spec, HasSubstr("\"seed\":7"));
}

TEST_F(OpenaiCreateTest, TakesTheMethodBeforeOlderHyperparameters) {
  const Answer made = create(request(
      file, R"(,"hyperparameters":{"n_epochs":9,"batch_size":"auto"},"method":{"type":"supervised","supervised":)"
            R"({"hyperparameters":{"n_epochs":3,"batch_size":2,"learning_rate_multiplier":"auto"}}})"));
  EXPECT_EQ(number_of(made, "hyperparameters/n_epochs"), 3) << made.body;
  EXPECT_EQ(number_of(made, "hyperparameters/batch_size"), 2);
}

TEST_F(OpenaiCreateTest, AMultiplierMultipliesAndARateIsARate) {
  const double usual = number_of(create(request(file)), "x_stoker/learning_rate");
  ASSERT_GT(usual, 0);
  const Answer doubled = create(request(file, R"(,"hyperparameters":{"learning_rate_multiplier":2})"));
  EXPECT_DOUBLE_EQ(number_of(doubled, "x_stoker/learning_rate"), 2 * usual);
  EXPECT_DOUBLE_EQ(number_of(doubled, "hyperparameters/learning_rate_multiplier"), 2);
  const Answer absolute = create(request(file, R"(,"x_learning_rate":0.0125)"));
  EXPECT_DOUBLE_EQ(number_of(absolute, "x_stoker/learning_rate"), 0.0125) << absolute.body;

  const Answer small = create(request(file, R"(,"hyperparameters":{"learning_rate_multiplier":2e-4})"));
  EXPECT_DOUBLE_EQ(number_of(small, "x_stoker/learning_rate"), 2e-4) << small.body;
  const Answer events = call("GET", std::string(kJobs) + "/" + text_of(small, "id") + "/events?limit=100");
  EXPECT_THAT(events.body, HasSubstr("learning_rate_multiplier 0.0002 is taken as the learning rate itself"));
}

TEST_F(OpenaiCreateTest, RefusesHyperparametersThatTrainNothing) {
  const auto hyper = [&](const std::string& member) { return refused(",\"hyperparameters\":{" + member + "}"); };
  for (const char* bad : {"0", "51", "-1", "1.5", "true", "\"3\"", "1e30"})
    EXPECT_EQ(hyper(std::string("\"n_epochs\":") + bad),
              "400 invalid hyperparameters.n_epochs | hyperparameters.n_epochs: is not a whole number from 1 to 50")
        << bad;
  EXPECT_EQ(hyper("\"batch_size\":1000000000"),
            "400 invalid hyperparameters.batch_size | hyperparameters.batch_size: is not a whole number from 1 to 256");
  for (const char* bad : {"0", "-2e-4", "-1"})
    EXPECT_EQ(hyper(std::string("\"learning_rate_multiplier\":") + bad),
              "400 invalid hyperparameters.learning_rate_multiplier | hyperparameters.learning_rate_multiplier: is "
              "not a number above 0");
  for (const char* bad : {"NaN", "Infinity", "1e999"})
    EXPECT_THAT(hyper(std::string("\"learning_rate_multiplier\":") + bad),
                HasSubstr("400 invalid  | the body is not JSON: "));
  EXPECT_THAT(hyper("\"learning_rate_multiplier\":\"NaN\""),
              HasSubstr("400 invalid hyperparameters.learning_rate_multiplier | "));
  EXPECT_THAT(refused(",\"x_learning_rate\":0"), HasSubstr("400 invalid x_learning_rate | "));
  EXPECT_THAT(refused(",\"x_learning_rate\":1e300"), HasSubstr("400 invalid "));
  EXPECT_THAT(hyper("\"learning_rate_multiplier\":1e300"), HasSubstr("400 invalid "));
  EXPECT_EQ(jobs(), 0);
}

TEST_F(OpenaiCreateTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refused(",\"sufix\":\"x\""), HasSubstr("400 invalid sufix | "));
  EXPECT_THAT(refused(",\"sufix\":\"x\""), HasSubstr("suffix"));
  EXPECT_THAT(refused(",\"hyperparameters\":{\"epochs\":3}"), HasSubstr("n_epochs"));
  EXPECT_EQ(refused(R"(,"integrations":[{"type":"wandb","wandb":{"project":"p"}}])"),
            "422 unsupported integrations | integrations are not supported; follow the events of the job, or GET "
            "/v1/jobs/{id}/metrics");
  EXPECT_EQ(refused(R"(,"method":{"type":"reinforcement","reinforcement":{"grader":{}}})"),
            "422 unsupported method.type | method.type: reinforcement fine-tuning is not supported; use supervised or "
            "dpo");
  EXPECT_THAT(refused(R"(,"method":{"type":"magic"})"), HasSubstr("400 invalid method.type | "));
  EXPECT_EQ(refused({}, "tiny-llm"), "404 model_not_found model | there is no model tiny-llm; did you mean tiny-lm?");
  EXPECT_THAT(refused({}, "gpt-9-omega"), HasSubstr("404 model_not_found model | there is no model gpt-9-omega"));
  EXPECT_THAT(refused({}, std::string(257, 'm')), HasSubstr("400 invalid model | "));
  EXPECT_THAT(refusal(create("{}")), HasSubstr("400 invalid model | model: is missing"));
  EXPECT_THAT(refusal(create(R"({"model":"tiny-lm"})")),
              HasSubstr("400 invalid training_file | training_file: is missing"));
  EXPECT_THAT(refusal(create("[]")), HasSubstr("400 invalid  | the body is not a JSON object"));
  EXPECT_THAT(refusal(create("{\"model\"")), HasSubstr("400 invalid  | the body is not JSON"));
  EXPECT_EQ(jobs(), 0);
}

TEST_F(OpenaiCreateTest, RefusesASuffixThatIsAPath) {
  for (const char* bad : {"../../etc", "a/b", "a b", "a:b", "d\xc3\xa9j\xc3\xa0", "a\\nb"})
    EXPECT_THAT(refused(std::string(",\"suffix\":\"") + bad + "\""),
                HasSubstr("400 invalid suffix | suffix: has something else than letters, digits"));
  EXPECT_THAT(refused(",\"suffix\":\"" + std::string(65, 'a') + "\""), HasSubstr("suffix: is longer than 64"));
  EXPECT_EQ(create(request(file, ",\"suffix\":\"" + std::string(64, 'a') + "\"")).status, 200);
  EXPECT_EQ(create(request(file, R"(,"suffix":null)")).status, 200);
}

TEST_F(OpenaiCreateTest, RefusesAMetadataBomb) {
  const auto pairs = [](int count, size_t key, size_t value) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      std::string name = std::to_string(i);
      name += std::string(key - name.size(), 'k');
      text += (i ? ",\"" : "\"") + name + "\":\"" + std::string(value, 'v') + "\"";
    }
    return ",\"metadata\":{" + text + "}";
  };
  EXPECT_EQ(create(request(file, pairs(16, 64, 512))).status, 200);
  EXPECT_THAT(refused(pairs(17, 3, 3)), HasSubstr("400 invalid metadata | metadata: has more than 16 pairs"));
  EXPECT_THAT(refused(pairs(1, 65, 3)), HasSubstr("metadata: has a key of more than 64 characters"));
  EXPECT_THAT(refused(pairs(1, 3, 513)), HasSubstr("is longer than 512 characters"));
  EXPECT_THAT(refused(R"(,"metadata":{"a":{"b":"c"}})"), HasSubstr("400 invalid metadata.a | "));
  EXPECT_THAT(refused(R"(,"metadata":["a"])"), HasSubstr("400 invalid metadata | "));
  EXPECT_THAT(refused(pairs(10000, 60, 60)), HasSubstr("413 too_large")) << "more than a request may be";
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
  EXPECT_EQ(create("{\"metadata\":" + deep).status, 400);
}

TEST_F(OpenaiCreateTest, RefusesAFileThatDoesNotServe) {
  const auto with = [&](const std::string& id) { return refusal(create(request(id))); };
  EXPECT_EQ(with(upload(chats(9))),
            "400 invalid_file_format training_file | training_file has 9 examples, and at least 10 are needed; add "
            "examples");
  EXPECT_EQ(with("file-none"),
            "400 invalid_file training_file | there is no file file-none; upload it first: POST /files");
  const std::string foreign = upload(chats(10), kOther);
  EXPECT_EQ(with(foreign),
            "400 invalid_file training_file | there is no file " + foreign + "; upload it first: POST /files");
  const std::string other = text_of(send_form(file_part(chats(10)) + purpose_part("user_data")), "id");
  EXPECT_EQ(with(other),
            "400 invalid_file training_file | the file " + other + " was not uploaded with the purpose fine-tune");
  const std::string pairs = upload(preferences(10));
  EXPECT_THAT(with(pairs), HasSubstr("400 invalid_file_format training_file | tiny-lm learns from chat examples, and " +
                                     pairs + " holds preference examples"));
  EXPECT_THAT(refused(",\"validation_file\":\"file-none\""), HasSubstr("400 invalid_file validation_file | "));
  EXPECT_THAT(refused(R"(,"method":{"type":"dpo"})"), HasSubstr("400 invalid method.type | the template tiny-lm"));
  EXPECT_EQ(jobs(), 0);
}

TEST_F(OpenaiCreateTest, PreferencesTrainByDpo) {
  const Answer made =
      create(request(upload(preferences(10)), R"(,"method":{"type":"dpo","dpo":{"hyperparameters":{"beta":0.2}}})",
                     "Qwen/Qwen3-0.6B"));
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(text_of(made, "method/type"), "dpo");
  EXPECT_DOUBLE_EQ(number_of(made, "method/dpo/hyperparameters/beta"), 0.2);
  for (const char* beta : {"0", "2.1", "-1"})
    EXPECT_THAT(refused(std::string(R"(,"method":{"type":"dpo","dpo":{"hyperparameters":{"beta":)") + beta + "}}}"),
                HasSubstr("400 invalid method.dpo.hyperparameters.beta | "));
}

TEST_F(OpenaiCreateTest, TogethersFieldsMakeTheSameJob) {
  const std::string body = R"({"model":"tiny-lm","training_file":")" + file +
                           R"(","n_epochs":4,"batch_size":2,"learning_rate":0.02,"random_seed":5,"suffix":"t"})";
  const Answer made = call("POST", "/fine-tunes", body);
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(number_of(made, "n_epochs"), 4);
  EXPECT_EQ(number_of(made, "batch_size"), 2);
  EXPECT_DOUBLE_EQ(number_of(made, "learning_rate"), 0.02);
  const std::string id = text_of(made, "id");
  EXPECT_EQ(text_of(made, "model_output_name"), "ft:tiny-lm:local:t:" + id.substr(6));
  EXPECT_EQ(text_of(call("GET", "/fine-tunes/" + id), "id"), id);
  EXPECT_EQ(text_of(call("GET", "/fine-tuning/jobs/" + id), "object"), "fine_tuning.job")
      << "one list, three spellings";
  EXPECT_EQ(data_of(call("GET", "/fine-tunes")), id + " ");
  EXPECT_EQ(call("GET", "/fine-tunes/" + id + "/events").status, 200);
  EXPECT_EQ(call("GET", "/fine-tunes/" + id + "/checkpoints").status, 200);
  EXPECT_THAT(refusal(call("POST", "/fine-tunes", request(file, ",\"n_epochs\":0"))),
              HasSubstr("400 invalid n_epochs | "));
  EXPECT_THAT(refusal(call("POST", "/fine-tunes", request(file, ",\"lr_scheduler\":{}"))),
              HasSubstr("400 invalid lr_scheduler | "));
  EXPECT_THAT(refusal(call("POST", "/fine-tunes", request(file, R"(,"training_type":{"type":"Half"})"))),
              HasSubstr("400 invalid training_type.type | "));
}

}  // namespace
}  // namespace stoker::api
