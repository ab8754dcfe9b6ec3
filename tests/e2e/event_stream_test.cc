// Server-sent events: every client has every event once and in order, however often it is cut off.
#include <random>
#include <thread>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

class EventStreamTest : public AgentTest {
 protected:
  // Progress is thinned at delivery; everything else comes whole.
  static std::vector<Event> lasting(std::vector<Event> all) {
    std::erase_if(all, [](const Event& event) { return event.kind == "progress"; });
    return all;
  }

  static std::string log_text(const std::vector<Event>& all) {
    std::string text;
    for (const Event& event : all)
      if (event.kind == "log") text += Json::parse(event.data, "event")["text"].text();
    return text;
  }

  void expect_as_stored(const std::string& id, const std::vector<Event>& seen) const {
    const std::vector<Event> stored = lasting(events(id));
    ASSERT_EQ(seen.size(), stored.size());
    for (size_t i = 0; i < seen.size(); ++i) {
      ASSERT_EQ(seen[i].id, stored[i].id);
      ASSERT_EQ(seen[i].kind, stored[i].kind);
      if (seen[i].kind == "log") continue;
      ASSERT_EQ(seen[i].data, stored[i].data);
    }
    EXPECT_TRUE(log_text(seen) == log_of(id)) << "the text of the log events is not the log";
  }
};

TEST_F(EventStreamTest, IsWholeForAClientCutOffAHundredTimes) {
  start_agent();
  const std::string id =
      submit(job_spec("for ((i = 1; i <= 12000; ++i)); do echo \"line $i\"; ((i % 60)) || sleep 0.02; done"));
  std::string whole[2];
  std::vector<std::thread> watchers;
  for (std::string& transcript : whole)
    watchers.emplace_back([&] { EXPECT_TRUE(api().stream(id, 0, SIZE_MAX, transcript)); });

  std::mt19937 random(7);
  std::uniform_int_distribution<size_t> bytes(1, 4000);
  std::vector<Event> seen;
  int64_t last = 0;
  int cuts = 0;
  for (bool ended = false; !ended;) {
    std::string piece;
    ended = api().stream(id, last, cuts < 100 ? bytes(random) : SIZE_MAX, piece);
    cuts += !ended;
    for (const Event& event : events_in(piece)) {
      if (event.kind == "progress") continue;
      ASSERT_GT(event.id, last) << "an event came twice, or out of order";
      last = event.id;
      seen.push_back(event);
    }
  }
  EXPECT_EQ(cuts, 100);
  for (std::thread& watcher : watchers) watcher.join();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
  EXPECT_EQ(log_of(id), witness_log(12000));
  expect_as_stored(id, seen);
  for (const std::string& transcript : whole) EXPECT_TRUE(lasting(events_in(transcript)) == seen);
}

TEST_F(EventStreamTest, GoesOnWithTheNextAgent) {
  start_agent();
  const std::string id =
      submit(job_spec("for ((i = 1; i <= 2000; ++i)); do echo \"line $i\"; ((i % 20)) || sleep 0.02; done"));
  std::string transcript;
  std::thread cut([&] {
    try {
      (void)api().stream(id, 0, SIZE_MAX, transcript);
    } catch (const std::exception&) {
      // The connection died with the agent.
    }
  });
  ASSERT_TRUE(eventually([&] { return log_of(id).size() > 5000; }));
  kill_agent();
  cut.join();
  std::vector<Event> seen = lasting(events_in(transcript));
  ASSERT_FALSE(seen.empty());
  start_agent();
  std::string rest;
  EXPECT_TRUE(api().stream(id, seen.back().id, SIZE_MAX, rest));
  for (const Event& event : lasting(events_in(rest))) seen.push_back(event);
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded");
  expect_as_stored(id, seen);
}

TEST_F(EventStreamTest, OfAnEndedJobIsTheSameEveryTime) {
  start_agent();
  const std::string id = submit(job_spec(witness(10)));
  (void)await_end(id);
  std::string first, second;
  EXPECT_TRUE(api().stream(id, 0, SIZE_MAX, first));
  EXPECT_TRUE(api().stream(id, 0, SIZE_MAX, second));
  EXPECT_EQ(first, second);
  std::string nothing;
  EXPECT_TRUE(api().stream(id, events(id).back().id, SIZE_MAX, nothing));
  EXPECT_TRUE(events_in(nothing).empty()) << nothing;
}

}  // namespace
}  // namespace stoker::e2e
