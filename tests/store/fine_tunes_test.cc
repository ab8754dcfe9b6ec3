#include "core/store/fine_tunes.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class FineTunesTest : public OpenStore {
 protected:
  // A fine-tuning of the job `id`, which is there too.
  void add(const std::string& id, JobState state = JobState::running, const std::string& body = "hash",
           const std::string& owner = "app") {
    with<Jobs>([&](Jobs& jobs) {
      JobRow job = job_named(id);
      job.state = state;
      jobs.insert(job);
    });
    with<FineTunes>([&](FineTunes& tunes) {
      FineTuneRow row = full(id);
      row.body_hash = body;
      row.owner = owner;
      tunes.insert(row);
    });
  }
  static FineTuneRow full(const std::string& id) {
    return {id, "app", "hash", 1000, true, R"({"model":"tiny-lm"})", "ft:tiny-lm:local::" + id, ""};
  }
};

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const FineTuneRow& r) {
  const auto& [job, owner, hash, created, repeated, request, model, results] = r;
  return std::tuple(job, owner, hash, created, repeated, request, model, results);
}

std::string ids(const std::vector<FineTuneRow>& rows) {
  std::string text;
  for (const FineTuneRow& row : rows) text += row.job_id + " ";
  return text;
}

TEST_F(FineTunesTest, KeepsEveryField) {
  add("a");
  with<FineTunes>([](FineTunes& tunes) {
    EXPECT_EQ(members(tunes.find("a").value()), members(full("a")));
    EXPECT_EQ(tunes.find_model("ft:tiny-lm:local::a")->job_id, "a");
    EXPECT_FALSE(tunes.find("b"));
    EXPECT_FALSE(tunes.find_model("ft:tiny-lm:local::b"));
    EXPECT_ANY_THROW(tunes.insert(full("a"))) << "one of a job";
  });
}

TEST_F(FineTunesTest, ABodyGivesTheNewestOfItsOwner) {
  add("a", JobState::running, "x");
  add("b", JobState::running, "x");
  add("c", JobState::running, "x", "other");
  add("d", JobState::running, "y");
  with<FineTunes>([](FineTunes& tunes) {
    EXPECT_EQ(tunes.find_body("app", "x")->job_id, "b");
    EXPECT_EQ(tunes.find_body("other", "x")->job_id, "c");
    EXPECT_FALSE(tunes.find_body("other", "y"));
  });
}

TEST_F(FineTunesTest, AreListedNewestFirst) {
  for (const char* id : {"a", "c", "b"}) add(id);
  with<FineTunes>([](FineTunes& tunes) {
    EXPECT_EQ(ids(tunes.list(2, "")), "b c ");
    EXPECT_EQ(ids(tunes.list(2, "c")), "a ");
    EXPECT_EQ(ids(tunes.list(2, "a")) + ids(tunes.list(-1, "")), "");
    EXPECT_EQ(error_of([&] { (void)tunes.list(2, "none"); }).fault, Fault::not_found);
  });
}

TEST_F(FineTunesTest, ResultsAreSetOnceOfThoseThatSucceeded) {
  add("a", JobState::succeeded);
  add("b", JobState::failed);
  add("c", JobState::succeeded);
  add("d", JobState::running);
  with<FineTunes>([](FineTunes& tunes) {
    EXPECT_EQ(ids(tunes.without_results()), "a c ");
    EXPECT_TRUE(tunes.set_results("a", "file-1,file-2"));
    EXPECT_FALSE(tunes.set_results("a", "file-3,file-4"));
    EXPECT_EQ(tunes.find("a")->results, "file-1,file-2");
    EXPECT_EQ(ids(tunes.without_results()), "c ");
    EXPECT_EQ(ids(tunes.succeeded()), "c a ");
    EXPECT_FALSE(tunes.set_results("none", "file-1"));
  });
}

}  // namespace
}  // namespace stoker::store
