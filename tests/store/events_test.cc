#include "core/store/events.h"

#include <thread>

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class EventsTest : public OpenStore {};

TEST_F(EventsTest, NumbersEventsWithoutAGapUnderFourThreads) {
  with<Jobs>([](Jobs& jobs) {
    jobs.insert(job_named("a"));
    jobs.insert(job_named("b"));
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        with<Events>([&](Events& events) {
          events.append("a", i, "log", "{}");
          events.append("b", i, "log", "{}");
        });
        EXPECT_THROW(with<Events>([&](Events& events) {
                       events.append("a", i, "metric", "{}");
                       throw std::runtime_error("rolled back");
                     }),
                     std::runtime_error);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const char* job : {"a", "b"}) {
    const auto rows = with<Events>([&](Events& events) { return events.after(job, 0, 1000); });
    ASSERT_EQ(rows.size(), 100u);
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].seq, static_cast<int64_t>(i + 1));
    EXPECT_EQ(with<Jobs>([&](Jobs& jobs) { return jobs.find(job)->last_seq; }), 100);
  }
}

TEST_F(EventsTest, FindsEventsByNumberAndKind) {
  with<Jobs>([](Jobs& jobs) { jobs.insert(job_named("a")); });
  with<Events>([](Events& events) {
    const std::string data("{\"text\":\"\xe2\x82\xac\"}");
    for (const char* kind : {"log", "metric", "log", "eval", "metric", "log"}) events.append("a", 77, kind, data);
    const auto seqs = [](const std::vector<EventRow>& rows) {
      std::string text;
      for (const auto& row : rows) text += std::to_string(row.seq);
      return text;
    };
    EXPECT_EQ(seqs(events.after("a", 0, 10)), "123456");
    EXPECT_EQ(seqs(events.after("a", 2, 3)), "345");
    EXPECT_EQ(seqs(events.after("x", 0, 3)), "");
    EXPECT_EQ(seqs(events.of_kinds("a", {"metric", "eval"}, 0, 10)), "245");
    EXPECT_EQ(seqs(events.of_kinds("a", {"metric", "eval", "metric"}, 2, 10)), "45");
    EXPECT_EQ(seqs(events.of_kinds("a", {"metric", "eval"}, 0, 2)), "24");
    EXPECT_EQ(seqs(events.of_kinds("a", {}, 0, 2)), "");
    const EventRow row = events.after("a", 3, 1).at(0);
    EXPECT_EQ(std::tuple(row.seq, row.t_ms, row.kind, row.data), std::tuple(4, 77, "eval", data));
  });
  const Error error =
      error_of([&] { with<Events>([](Events& events) { return events.append("x", 1, "log", "{}"); }); });
  EXPECT_EQ(error.fault, Fault::not_found);
}

}  // namespace
}  // namespace stoker::store
