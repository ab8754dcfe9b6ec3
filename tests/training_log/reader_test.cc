#include "core/training_log/reader.h"

#include <gtest/gtest.h>

#include <string>

#include "core/training_log/choose.h"

namespace stoker::training_log {
namespace {

using plugin_host::FieldValue;
using plugin_host::RawEvent;

RawEvent bar(int64_t n, int64_t total, double elapsed_s, const char* scope = "train") {
  RawEvent raw;
  raw.kind = STOKER_EVENT_PROGRESS;
  raw.fields = {{"scope", FieldValue(std::string(scope))}, {"n", n}, {"total", total}, {"elapsed_s", elapsed_s}};
  return raw;
}

RawEvent record(double loss, double epoch, int32_t kind = STOKER_EVENT_METRIC) {
  RawEvent raw;
  raw.kind = kind;
  raw.fields = {{kind == STOKER_EVENT_EVAL ? "eval_loss" : "loss", loss}, {"epoch", epoch}};
  return raw;
}

// Gives one event of a script for each byte pushed, the rest at the end: the reader is what is tested.
class Script final : public plugin_host::LogParser {
 public:
  explicit Script(std::vector<RawEvent> events, int certain = 50) : events_(std::move(events)), certain_(certain) {}
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] int detect(std::string_view) const override { return certain_; }
  [[nodiscard]] std::unique_ptr<plugin_host::LogStream> open(uint64_t, const std::string&) const override {
    return std::make_unique<Stream>(events_);
  }

 private:
  class Stream final : public plugin_host::LogStream {
   public:
    explicit Stream(std::vector<RawEvent> events) : events_(std::move(events)) {}
    void push(std::string_view bytes, const Sink& sink) override {
      for (size_t i = 0; i < bytes.size() && next_ < events_.size(); ++i) sink(RawEvent(events_[next_++]));
    }
    void finish(int32_t, const Sink& sink) override {
      while (next_ < events_.size()) sink(RawEvent(events_[next_++]));
    }

   private:
    std::vector<RawEvent> events_;
    size_t next_ = 0;
  };

  std::string id_ = "script";
  std::vector<RawEvent> events_;
  int certain_;
};

std::vector<Event> read_all(const std::vector<RawEvent>& events, uint64_t skip = 0, int64_t t_ms = 7) {
  const Script script(events);
  Reader reader(&script);
  reader.skip_first(skip);
  return reader.finish(t_ms);
}

std::vector<Event> of_kind(const std::vector<Event>& events, std::string_view kind) {
  std::vector<Event> out;
  for (const auto& event : events)
    if (event.kind == kind) out.push_back(event);
  return out;
}

TEST(Reader, NamesMetricsCanonically) {
  const auto events = read_all({record(0.5, 1.25)});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data, R"({"t":7,"epoch":1.25,"values":{"train_loss":0.5},"raw":{"loss":0.5,"epoch":1.25}})");
}

TEST(Reader, CountsStepsFromABufferedBlock) {
  const auto metrics = of_kind(read_all({bar(0, 90, 0), bar(20, 90, 20), record(3, 0.1), record(2, 0.2),
                                         record(9, 0.2, STOKER_EVENT_EVAL), bar(21, 90, 21)}),
                               "metric");
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_NE(metrics[0].data.find(R"("step":10,"step_source":"logging_steps")"), std::string::npos) << metrics[0].data;
  EXPECT_NE(metrics[1].data.find(R"("step":20,)"), std::string::npos) << metrics[1].data;
}

// The last records are written out, and only then the bar is drawn that belongs to them.
TEST(Reader, KnowsTheStepsOfRecordsThatComeBeforeTheirBar) {
  std::vector<RawEvent> script;
  for (int64_t n = 0; n <= 6; ++n) {
    script.push_back(bar(n, 8, static_cast<double>(n)));
    if (n == 0) continue;
    script.push_back(record(1.0, 0.1));
    script.push_back(bar(n, 8, static_cast<double>(n)));  // drawn again behind it
  }
  script.push_back(record(1.0, 0.1));
  script.push_back(record(1.0, 0.1));
  RawEvent summary;
  summary.kind = STOKER_EVENT_SUMMARY;
  summary.fields = {{"train_runtime", 5.0}};
  script.push_back(summary);
  script.push_back(bar(8, 8, 8));
  const auto metrics = of_kind(read_all(script), "metric");
  ASSERT_EQ(metrics.size(), 8U);
  EXPECT_NE(metrics.back().data.find(R"("step":8)"), std::string::npos) << metrics.back().data;
}

TEST(Reader, KnowsAFirstRecordOfItsOwn) {
  const auto metrics = of_kind(read_all({bar(0, 90, 0), record(4, 0), bar(1, 90, 1), record(3, 0.1), bar(10, 90, 10),
                                         record(2, 0.2), bar(20, 90, 20)}),
                               "metric");
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_NE(metrics[0].data.find(R"("step":1,)"), std::string::npos) << metrics[0].data;
  EXPECT_NE(metrics[1].data.find(R"("step":10,)"), std::string::npos) << metrics[1].data;
  EXPECT_NE(metrics[2].data.find(R"("step":20,)"), std::string::npos) << metrics[2].data;
}

TEST(Reader, GivesAnEvaluationTheStepOfItsMoment) {
  const auto evals = of_kind(read_all({bar(0, 90, 0), record(3, 0.1), bar(10, 90, 10),
                                       record(9, 0.1, STOKER_EVENT_EVAL), record(9, 0.3, STOKER_EVENT_EVAL)}),
                             "eval");
  ASSERT_EQ(evals.size(), 2u);
  EXPECT_NE(evals[0].data.find(R"("step":10,)"), std::string::npos) << evals[0].data;
  EXPECT_EQ(evals[1].data.find(R"("step")"), std::string::npos) << evals[1].data;
}

TEST(Reader, CountsStepsOfEachOriginForItself) {
  const auto of = [](RawEvent raw, int64_t rank) {
    raw.fields.emplace_back("@rank", rank);
    raw.fields.emplace_back("@source", std::string("node"));
    return raw;
  };
  const auto metrics =
      of_kind(read_all({of(bar(0, 90, 0), 0), of(bar(0, 90, 0), 1), of(bar(10, 90, 10), 0), of(bar(10, 90, 10), 1),
                        of(record(4, 0.1), 0), of(record(4, 0.1), 1), of(bar(10, 90, 10), 0)}),
              "metric");
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics[1].data, R"({"t":7,"rank":1,"source":"node","step":10,"step_source":"logging_steps","epoch":0.1,)"
                             R"("values":{"train_loss":4.0},"raw":{"loss":4.0,"epoch":0.1}})");
  EXPECT_NE(metrics[0].data.find(R"("rank":0,"source":"node","step":10,)"), std::string::npos) << metrics[0].data;
}

TEST(Reader, SaysWhenALossIsNotFinite) {
  const double nan = std::stod("nan");
  const auto events = read_all({record(nan, 1), record(nan, 2), record(1, 3)});
  ASSERT_EQ(events.size(), 4u);
  EXPECT_NE(events[0].data.find(R"("values":{"train_loss":null})"), std::string::npos) << events[0].data;
  EXPECT_EQ(events[1].kind, "diagnosis");
  EXPECT_NE(events[1].data.find(R"("message":"the log shows values that are not finite: loss")"), std::string::npos);
  EXPECT_EQ(of_kind(events, "diagnosis").size(), 1u);
}

TEST(Reader, SkipsWhatIsStoredAlready) {
  std::vector<RawEvent> log = {bar(0, 9, 0)};
  for (int i = 1; i < 9; ++i) log.push_back(record(i == 4 ? std::stod("nan") : 1, i)), log.push_back(bar(i, 9, i));
  const auto all = read_all(log);
  for (size_t stored = 0; stored <= all.size(); ++stored) {
    const auto rest = read_all(log, stored);
    ASSERT_EQ(rest.size(), all.size() - stored);
    for (size_t i = 0; i < rest.size(); ++i) EXPECT_EQ(rest[i].data, all[stored + i].data);
  }
}

TEST(Reader, SplittingChangesNothing) {
  std::vector<RawEvent> log;
  for (int i = 0; i < 50; ++i) log.push_back(i % 3 == 0 ? bar(i, 60, i) : record(1, i));
  const auto all = read_all(log);
  const Script script(log);
  Reader reader(&script);
  std::vector<Event> split;
  for (int i = 0; i < 60; ++i)
    for (auto& event : reader.push("x", 7)) split.push_back(event);
  for (auto& event : reader.finish(7)) split.push_back(event);
  ASSERT_EQ(split.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(split[i].data, all[i].data);
}

// The evaluation is seen between two bars, long before its record is.
TEST(Reader, TellsTheEtaOfPauses) {
  std::vector<RawEvent> log;
  double now = 0;
  for (int64_t n = 0; n <= 500; ++n) {
    log.push_back(bar(n, 1000, now));
    if (n % 100 == 0 && n > 0) log.push_back(bar(1, 8, 1, "eval")), now += 5;
    now += 2;
  }
  const auto events = of_kind(read_all(log), "progress");
  const auto at = events[events.size() - 2].data.find(R"("eta_s":)");
  ASSERT_NE(at, std::string::npos) << events[events.size() - 2].data;
  EXPECT_NEAR(std::stod(events[events.size() - 2].data.substr(at + 8)), 500 * 2 + 6 * 5, 0.5);
}

TEST(Choose, TakesTheMostCertain) {
  const Script none({}, 0), some({}, 30), sure({}, 80);
  EXPECT_EQ(choose({&none, &some, &sure}, "x"), &sure);
  EXPECT_EQ(choose({&none}, "x"), nullptr);
}

}  // namespace
}  // namespace stoker::training_log
