// What /openai/v1 tells of fine-tuning jobs on a real server: lists and their pages, events, checkpoints, models, ends.
#include "tests/api/openai/openai_world.h"

namespace stoker::api {
namespace {

using store::JobState;
using testing::HasSubstr;

class OpenaiListsTest : public OpenaiWorld {
 protected:
  static std::string of(const std::string& id, const std::string& more = {}) {
    return std::string(kJobs) + "/ftjob-" + id + more;
  }
};

TEST_F(OpenaiListsTest, TwoHundredAndFiftyJobsArePagedByTwenty) {
  for (int i = 0; i < 250; ++i)
    add_fine_tune("job-" + std::to_string(1000 + i), JobState::running, i % 2 ? R"({"team":"red"})" : "");
  for (int i = 0; i < 30; ++i)
    add_fine_tune("job-" + std::to_string(5000 + i), JobState::running, R"({"team":"red"})", "other");
  const auto walk = [&](const std::string& filter, int& pages) {
    std::string ids, after;
    for (pages = 1;; ++pages) {
      const Answer page = call("GET", std::string(kJobs) + "?limit=20" + filter + after);
      const std::string some = data_of(page);
      ids += some;
      if (page.body.find(R"("has_more":true)") == std::string::npos) return ids;
      const size_t last = some.find_last_of(' ', some.size() - 2);
      after = "&after=" + some.substr(last + 1, some.size() - last - 2);
    }
  };
  std::string all, red;
  for (int i = 249; i >= 0; --i) {
    const std::string id = "ftjob-job-" + std::to_string(1000 + i) + " ";
    all += id;
    if (i % 2) red += id;
  }
  int pages = 0;
  EXPECT_EQ(walk("", pages), all);
  EXPECT_EQ(pages, 13);
  EXPECT_EQ(walk("&metadata%5Bteam%5D=red", pages), red);
  EXPECT_EQ(pages, 7);
  EXPECT_EQ(walk("&metadata=null", pages).size(), red.size());
  EXPECT_EQ(walk("&metadata%5Bteam%5D=blue", pages), "");
  EXPECT_EQ(refusal(call("GET", std::string(kJobs) + "?after=ftjob-none")),
            "404 fine_tune_not_found fine_tuning_job_id | there is no fine-tuning job ftjob-none; GET "
            "/fine_tuning/jobs lists them");
  EXPECT_EQ(call("GET", std::string(kJobs) + "?after=ftjob-job-5000").status, 404) << "that of another";
  EXPECT_EQ(call("GET", std::string(kJobs) + "?limit=0").status, 400);
  EXPECT_EQ(data_of(call("GET", kJobs)).size(), all.size() / 250 * 20) << "twenty where nobody asks for more";
}

TEST_F(OpenaiListsTest, AJobIsItsOwnersAlone) {
  add_fine_tune("job-1");
  add_job("job-native");
  for (const char* more : {"", "/events", "/checkpoints"}) {
    EXPECT_EQ(call("GET", of("job-1", more)).status, 200) << more;
    EXPECT_EQ(refusal(call("GET", of("job-1", more), {}, kOther)),
              "404 fine_tune_not_found fine_tuning_job_id | there is no fine-tuning job ftjob-job-1; GET "
              "/fine_tuning/jobs lists them");
    EXPECT_EQ(call("GET", of("job-native", more)).status, 404) << "it was not asked for here";
    EXPECT_EQ(call("GET", std::string(kJobs) + "/job-1" + more).status, 404) << "an id has its prefix";
  }
  EXPECT_EQ(call("POST", of("job-1", "/cancel"), {}, kOther).status, 404);
  EXPECT_EQ(call("POST", "/fine-tunes/ftjob-job-1/cancel", {}, kOther).status, 404);
  EXPECT_EQ(call("GET", "/fine-tunes/ftjob-job-1", {}, kOther).status, 404);
  EXPECT_FALSE(db.read([](store::Connection& c) { return store::Jobs(c).find("job-1"); })->cancel_requested);
}

TEST_F(OpenaiListsTest, EventsArePagedNewestFirst) {
  add_fine_tune("job-1");
  append("job-1", "state", R"({"state":"running"})", 1000);
  append("job-1", "log", R"({"text":"not for clients"})", 1500);
  append("job-1", "run", R"({"num_examples":10,"num_epochs":2,"total_steps":30})", 2000);
  for (int i = 1; i <= 25; ++i)
    append("job-1", "metric",
           R"({"step":)" + std::to_string(i) + R"(,"epoch":0.5,"values":{"train_loss":)" + std::to_string(3.0 / i) +
               R"(,"token_accuracy":0.5,"lr":0.01}})",
           2000 + i);
  append("job-1", "eval", R"({"step":25,"values":{"eval_loss":0.25}})", 9000);
  append("job-1", "diagnosis",
         R"({"kind":"oom","severity":"error","message":"no memory","hint":"less of it","terminal":true})", 9500);
  append("job-1", "state", R"({"state":"failed","reason":"it ran out of memory"})", 9999);

  const Answer first = call("GET", of("job-1", "/events"));
  EXPECT_THAT(first.body, HasSubstr("\"has_more\":true"));
  const std::string messages = data_of(first, "message");
  EXPECT_THAT(messages, testing::StartsWith("The job failed: it ran out of memory no memory; less of it "
                                            "Step 25/30: validation loss=0.25 Step 25/30: training loss=0.12 "));
  EXPECT_THAT(data_of(first, "level"), testing::StartsWith("error error info "));
  EXPECT_THAT(data_of(first, "type"), testing::StartsWith("message message metrics metrics "));
  EXPECT_DOUBLE_EQ(number_of(first, "data/2/data/valid_loss"), 0.25);
  EXPECT_DOUBLE_EQ(number_of(first, "data/3/data/train_loss"), 0.12);
  EXPECT_DOUBLE_EQ(number_of(first, "data/3/data/train_mean_token_accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(number_of(first, "data/3/data/total_steps"), 30);
  EXPECT_DOUBLE_EQ(number_of(first, "data/3/data/lr"), 0.01);

  std::string ids, after;
  int pages = 0;
  for (bool more = true; more && pages < 20; ++pages) {
    const Answer page = call("GET", of("job-1", "/events?limit=7") + after);
    const std::string some = data_of(page);
    ids += some;
    more = page.body.find("\"has_more\":true") != std::string::npos;
    const size_t last = some.find_last_of(' ', some.size() - 2);
    after = "&after=" + some.substr(last + 1, some.size() - last - 2);
  }
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(ids, data_of(call("GET", of("job-1", "/events?limit=100"))));
  EXPECT_EQ(std::count(ids.begin(), ids.end(), ' '), 30);
  EXPECT_EQ(call("GET", of("job-1", "/events?after=ftevent-other-1")).status, 404);
  EXPECT_EQ(call("GET", "/fine-tunes/ftjob-job-1/events").status, 200);
}

TEST_F(OpenaiListsTest, CheckpointsTellTheirNumbers) {
  add_fine_tune("job-1");
  EXPECT_THAT(call("GET", of("job-1", "/checkpoints")).body,
              HasSubstr(R"("data":[],"has_more":false,"first_id":null,"last_id":null)"));
  for (int step = 10; step <= 30; step += 10) {
    const std::string at = std::to_string(step);
    append("job-1", "metric", R"({"step":)" + at + R"(,"values":{"train_loss":0.)" + at + "}}", step);
    append("job-1", "eval", R"({"step":)" + at + R"(,"values":{"eval_loss":1.)" + at + "}}", step);
    append("job-1", "checkpoint", R"({"step":)" + at + R"(,"path":"out/checkpoint-)" + at + "\"}", step);
  }
  append("job-1", "checkpoint", R"({"step":30,"path":"out/checkpoint-30","complete":true})", 31);
  const Answer all = call("GET", of("job-1", "/checkpoints"));
  EXPECT_EQ(data_of(all), "ftckpt_job-1_30 ftckpt_job-1_20 ftckpt_job-1_10 ") << "one of each step";
  EXPECT_EQ(text_of(all, "data/1/fine_tuned_model_checkpoint"), "ft:tiny-lm:local::job-1:ckpt-step-20");
  EXPECT_DOUBLE_EQ(number_of(all, "data/1/metrics/train_loss"), 0.20);
  EXPECT_DOUBLE_EQ(number_of(all, "data/1/metrics/valid_loss"), 1.20);
  EXPECT_EQ(text_of(all, "data/1/fine_tuning_job_id"), "ftjob-job-1");
  const Answer first = call("GET", of("job-1", "/checkpoints?limit=2"));
  EXPECT_EQ(data_of(first), "ftckpt_job-1_30 ftckpt_job-1_20 ");
  EXPECT_THAT(first.body, HasSubstr(R"("has_more":true,"first_id":"ftckpt_job-1_30","last_id":"ftckpt_job-1_20")"));
  EXPECT_EQ(data_of(call("GET", of("job-1", "/checkpoints?limit=2&after=ftckpt_job-1_20"))), "ftckpt_job-1_10 ");
  EXPECT_EQ(data_of(call("GET", "/fine-tunes/ftjob-job-1/checkpoints"), "step"), "30 20 10 ");
}

TEST_F(OpenaiListsTest, AJobIsCancelledAndNeverPaused) {
  add_fine_tune("job-1");
  for (const char* verb : {"pause", "resume"})
    EXPECT_EQ(refusal(call("POST", of("job-1", std::string("/") + verb))),
              "400 unsupported fine_tuning_job_id | ftjob-job-1 can not be paused or resumed: that is not supported; "
              "cancel it; checkpoints that came home stay");
  const Answer cancelled = call("POST", of("job-1", "/cancel"));
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(text_of(cancelled, "id"), "ftjob-job-1");
  EXPECT_TRUE(db.read([](store::Connection& c) { return store::Jobs(c).find("job-1"); })->cancel_requested);
  EXPECT_EQ(text_of(call("GET", "/fine-tunes/ftjob-job-1"), "status"), "cancel_requested");
  add_fine_tune("job-2", JobState::succeeded);
  EXPECT_EQ(refusal(call("POST", of("job-2", "/cancel"))),
            "400 conflict  | job job-2 has ended already: it is succeeded");
}

TEST_F(OpenaiListsTest, OneThatSucceededHasItsModelAndResults) {
  add_fine_tune("job-1", JobState::succeeded);
  append("job-1", "metric", R"({"step":1,"values":{"train_loss":2.5,"token_accuracy":0.25}})", 1);
  append("job-1", "eval", R"({"step":1,"values":{"eval_loss":2.75}})", 2);
  append("job-1", "metric", R"({"step":2,"values":{"train_loss":1.5}})", 3);
  const Answer job = call("GET", of("job-1"));
  EXPECT_EQ(text_of(job, "status") + " " + text_of(job, "fine_tuned_model"), "succeeded ft:tiny-lm:local::job-1");
  EXPECT_EQ(number_of(job, "trained_tokens"), 1000);
  EXPECT_EQ(number_of(job, "finished_at"), 2000);
  EXPECT_EQ(call("GET", "/files/" + text_of(job, "result_files/0") + "/content").body,
            "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.5,0.25,2.75,\n2,1.5,,,\n");
  const Answer lines = call("GET", "/files/" + text_of(job, "result_files/1") + "/content");
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 3);
  EXPECT_THAT(lines.body, HasSubstr(R"({"event":"eval","step":1,)"));
  EXPECT_EQ(data_of(call("GET", "/files?purpose=fine-tune-results"), "filename"), "metrics.jsonl step_metrics.csv ");
  EXPECT_EQ(call("GET", "/files?purpose=fine-tune-results", {}, kOther).body.find("metrics"), std::string::npos);
  EXPECT_THAT(call("GET", "/models").body, HasSubstr("ft:tiny-lm:local::job-1"));
  EXPECT_EQ(text_of(call("GET", "/fine-tunes/ftjob-job-1"), "status"), "completed");
}

TEST_F(OpenaiListsTest, OneThatFailedSaysWhy) {
  add_fine_tune("job-1", JobState::failed);
  db.write("why", [](store::Connection& c) { c.exec("UPDATE jobs SET reason = 'it broke', hint = 'mend it'"); });
  Answer job = call("GET", of("job-1"));
  EXPECT_EQ(text_of(job, "error/code") + " | " + text_of(job, "error/message"), "job_failed | it broke; mend it");
  append("job-1", "diagnosis", R"({"kind":"cuda_oom","severity":"error","message":"m","terminal":true})", 1);
  EXPECT_EQ(text_of(call("GET", of("job-1")), "error/code"), "cuda_oom");
  EXPECT_THAT(job.body, HasSubstr(R"("fine_tuned_model":null)"));
  EXPECT_EQ(text_of(call("GET", "/fine-tunes/ftjob-job-1"), "error"), "it broke");
}

TEST_F(OpenaiListsTest, StatusIsTruthfulUnlessClientsCannotBearIt) {
  add_fine_tune("job-1", JobState::queued);
  add_fine_tune("job-2", JobState::staging);
  add_fine_tune("job-3", JobState::collecting);
  add_fine_tune("job-4", JobState::cancelled);
  EXPECT_EQ(data_of(call("GET", kJobs), "status"), "cancelled running queued validating_files ");
  server.reset();
  ServerContext with = context();
  with.chatmle = true;
  serve(std::move(with));
  EXPECT_EQ(data_of(call("GET", kJobs), "status"), "cancelled running running running ");
}

TEST_F(OpenaiListsTest, ModelsAreThoseToTrainAndThoseTrained) {
  add_fine_tune("job-1", JobState::succeeded);
  add_fine_tune("job-2", JobState::succeeded, {}, "other");
  add_fine_tune("job-3", JobState::running);
  const std::string ids = data_of(call("GET", "/models"));
  EXPECT_TRUE(ids.starts_with("ft:tiny-lm:local::job-1 tiny-lm ")) << ids;
  EXPECT_EQ(ids.find("job-2"), std::string::npos);
  EXPECT_EQ(ids.find("job-3"), std::string::npos);
  EXPECT_EQ(text_of(call("GET", "/models/tiny-lm"), "owned_by"), "base");
  EXPECT_EQ(text_of(call("GET", "/models/ft:tiny-lm:local::job-1"), "owned_by"), "app");
  EXPECT_EQ(text_of(call("GET", "/models/Qwen/Qwen3-0.6B"), "id"), "Qwen/Qwen3-0.6B");
  EXPECT_EQ(text_of(call("GET", "/models/Qwen%2FQwen3-0.6B"), "id"), "Qwen/Qwen3-0.6B") << "as the client spells it";
  EXPECT_EQ(refusal(call("GET", "/models/tiny-llm")),
            "404 model_not_found model | there is no model tiny-llm; did you mean tiny-lm?");
  EXPECT_EQ(call("GET", "/models/ft:tiny-lm:local::job-2").status, 404);
}

}  // namespace
}  // namespace stoker::api
