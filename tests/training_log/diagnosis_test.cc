#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/training_log/reader.h"

namespace stoker::training_log {
namespace {

using plugin_host::FieldValue;
using plugin_host::RawEvent;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kTraceback =
    "Traceback (most recent call last):\n  File \"train.py\", line 3, in <module>\n    step()\n";
const std::string kRank = "[rank1]: ";

// What a parser would tell, written as lines: "bar N", "record LOSS", "summary"; the rest is text.
class Plain final : public plugin_host::LogParser {
 public:
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] int detect(std::string_view) const override { return 1; }
  [[nodiscard]] std::unique_ptr<plugin_host::LogStream> open(uint64_t, const std::string&) const override {
    return std::make_unique<Stream>();
  }

 private:
  class Stream final : public plugin_host::LogStream {
   public:
    void push(std::string_view bytes, const Sink& sink) override {
      lines_.push(bytes, [&](const LogLine& line) { read(line.text, sink); });
    }
    void finish(int32_t, const Sink& sink) override {
      lines_.finish([&](const LogLine& line) { read(line.text, sink); });
    }

   private:
    static void read(std::string_view line, const Sink& sink) {
      RawEvent raw;
      const std::string last(line.substr(line.rfind(' ') + 1));
      if (line.starts_with("bar ")) {
        raw.kind = STOKER_EVENT_PROGRESS;
        raw.fields = {{"scope", std::string("train")}, {"n", int64_t{std::stoi(last)}}, {"total", int64_t{9}}};
      } else if (line.starts_with("record ")) {
        raw.kind = STOKER_EVENT_METRIC;
        raw.fields = {{"loss", std::stod(last)}, {"grad_norm", std::stod(last) == 0 ? std::nan("") : 1.0}};
      } else if (line == "summary") {
        raw.kind = STOKER_EVENT_SUMMARY;
        raw.fields = {{"train_runtime", 5.0}};
      } else {
        return;
      }
      sink(std::move(raw));
    }
    LogLines lines_;
  };
  std::string id_ = "plain";
};

std::vector<std::string> events_of(const std::string& log, size_t chunk = 1 << 20) {
  static const Plain plain;
  Reader reader(&plain);
  std::vector<std::string> out;
  const auto keep = [&](const std::vector<Event>& events) {
    for (const Event& event : events)
      out.push_back(event.kind + " " + event.data + " @" + std::to_string(event.first_byte));
  };
  for (size_t at = 0; at < log.size(); at += chunk) keep(reader.push(std::string_view(log).substr(at, chunk), 7));
  keep(reader.finish(7));
  return out;
}

// What ended the run; empty: nothing did.
std::string end_of(const std::string& log) {
  for (const auto& event : events_of(log))
    if (event.find(R"("terminal":true)") != std::string::npos) return event;
  return "";
}

auto is(const std::string& kind) { return HasSubstr("\"kind\":\"" + kind + "\""); }
auto says(const std::string& key, const std::string& text) { return HasSubstr("\"" + key + "\":\"" + text); }

TEST(Diagnosis, NeedsNoParser) {
  Reader reader(nullptr);
  EXPECT_TRUE(reader.push("hello\n", 7).empty());
  EXPECT_TRUE(reader.push(kTraceback, 7).empty());
  EXPECT_TRUE(reader.push("ValueError: no\n", 7).empty());
  const auto events = reader.finish(7);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].data, R"({"t":7,"kind":"exception","severity":"error","message":"no","exception":"ValueError",)"
                            R"("retryable":false,"terminal":false})");
  EXPECT_EQ(events[1].data, R"({"t":7,"name":"failed"})");
  EXPECT_THAT(events[2].data, HasSubstr(R"("terminal":true)"));
}

TEST(Diagnosis, FindsAnExceptionBehindABar) {
  EXPECT_THAT(end_of("bar 1\n 11%|#         | 1/9 [00:01<00:08,  1.00s/it]" + kTraceback +
                     "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\nbar 2\n"),
              AllOf(is("oom_gpu"), HasSubstr(R"("retryable":false)"), HasSubstr(R"("wanted_gib":2)")));
}

TEST(Diagnosis, AnErrorIsNotTheEndWhenTheTrainingGoesOn) {
  const std::string failed = "bar 1\n" + kTraceback + "ValueError: x\n";
  EXPECT_EQ(end_of(failed + "bar 2\nbar 3\n"), "");
  EXPECT_EQ(end_of(failed + "summary\n"), "");
  EXPECT_EQ(end_of(kTraceback + "ValueError: x\nrecord 1\n"), "");
  EXPECT_NE(end_of(failed + "bar 2\n"), "") << "the bar of a training that ends is drawn once more";
  EXPECT_NE(end_of(failed + "record 1\n"), "") << "records may come late where there is a bar";
}

TEST(Diagnosis, NothingEndedARunThatWasCutOff) {
  Reader reader(nullptr);
  (void)reader.push(kTraceback + "ValueError: x\n", 7);
  for (const auto& event : reader.finish(7, STOKER_FINISH_CANCELLED)) EXPECT_THAT(event.data, Not(HasSubstr("true")));
}

TEST(Diagnosis, NothingEndedARunThatSucceeded) {
  Reader reader(nullptr);
  (void)reader.push(kTraceback + "ValueError: caught\n", 7);
  const auto events = reader.finish(7, STOKER_FINISH_EOF, true);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_THAT(events[0].data, HasSubstr(R"("terminal":false)"));
}

TEST(Diagnosis, AFailureBehindTheSummaryIsSaidToBeThat) {
  const auto events = events_of("bar 9\nsummary\n" + kTraceback + "OSError: [Errno 28] No space left on device\n");
  EXPECT_THAT(events.back(),
              AllOf(is("disk_full"), says("message", "the training had finished, what came after it failed: "),
                    HasSubstr(R"("terminal":false)")));
  // Another training begins behind it.
  EXPECT_THAT(end_of("bar 9\nsummary\nbar 0\nbar 1\n" + kTraceback + "ValueError: x\n"), is("exception"));
}

TEST(Diagnosis, ALossThatIsNoNumberIsSaidThoughNothingFailed) {
  const auto events = events_of("bar 1\nrecord 2\nbar 2\nrecord nan\nbar 3\nrecord nan\nbar 9\nsummary\n");
  EXPECT_THAT(events.back(),
              AllOf(is("nan_loss"), HasSubstr("in its last 2 records"), HasSubstr(R"("severity":"error")")));
  EXPECT_THAT(events_of("record 0\nsummary\n").back(), is("nan_loss"));  // with a gradient that is no number
  EXPECT_THAT(events_of("record nan\nrecord 1\nsummary\n").back(), Not(is("nan_loss")));
}

TEST(Diagnosis, TellsTheCauseOfAChain) {
  const std::string during = "\nDuring handling of the above exception, another exception occurred:\n\n";
  EXPECT_THAT(end_of(kTraceback + "KeyError: 'a'\n" + during + kTraceback + "ValueError: no a\n"),
              AllOf(says("exception", "ValueError"), says("cause", "KeyError: 'a'")));
  EXPECT_THAT(
      end_of(kTraceback + "OSError: [Errno 28] No space left on device\n" + during + kTraceback + "ValueError: x\n"),
      AllOf(is("disk_full"), says("exception", "OSError")));
}

TEST(Diagnosis, PrefersTheRootToItsWrappers) {
  const std::string wrapped =
      kTraceback + "ValueError: root\n" + kTraceback +
      "subprocess.CalledProcessError: Command '[python]' returned non-zero exit status 1.\n" +
      "ERROR:torch.distributed.elastic.multiprocessing.api:failed (exitcode: 1) local_rank: 0\n";
  EXPECT_THAT(end_of(wrapped), says("exception", "ValueError"));
  EXPECT_THAT(end_of(kTraceback + "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"),
              is("child_failed"));
  EXPECT_THAT(end_of(kTraceback + "ValueError: root\nKilled\n"), says("exception", "ValueError"));
}

TEST(Diagnosis, TheFirstOfSeveralProcessesIsTheReason) {
  const std::string first =
      "[rank1]: Traceback (most recent call last):\n[rank0]: Traceback (most recent call last):\n"
      "[rank1]:   File \"a.py\", line 1, in f\n[rank0]:   File \"a.py\", line 2, in f\n"
      "[rank1]: ValueError: of one\n[rank0]: RuntimeError: of nought\n";
  EXPECT_THAT(end_of(first), AllOf(HasSubstr(R"("rank":1)"), says("message", "of one")));
  const std::string block =
      "Root Cause (first observed failure):\n[0]:\n  time      : 2026-01-01_00:00:00\n"
      "  rank      : 0 (local_rank: 0)\n  exitcode  : 1 (pid: 7)\n  error_file: <N/A>\n";
  EXPECT_THAT(end_of(first + block), AllOf(HasSubstr(R"("rank":0)"), says("message", "of nought")));
  EXPECT_THAT(end_of("Root Cause (first observed failure):\n[0]:\n  rank      : 3 (local_rank: 3)\n"
                     "  exitcode  : -9 (pid: 7)\n"),
              AllOf(is("killed"), HasSubstr(R"("rank":3)")));
}

TEST(Diagnosis, ReadsTracebacksThatAreMixedUp) {
  EXPECT_THAT(
      end_of(kTraceback + kTraceback + "ValueError: first\n  File \"b.py\", line 1, in g\nInfo: no exception\n" +
             "RuntimeError: CUDA error: device-side assert triggered\n"),
      is("cuda_error"));
}

TEST(Diagnosis, ATimeoutIsTheReasonForWhatFollows) {
  EXPECT_THAT(end_of("[rank0]:[E ProcessGroupNCCL.cpp:6] [Rank 0] Watchdog caught collective operation timeout: W\n" +
                     kTraceback + "RuntimeError: the process is taken down\n"),
              is("nccl_timeout"));
  EXPECT_THAT(end_of(kRank + "Traceback (most recent call last):\n" + kRank + "ValueError: x\n" +
                     "[rank0]:[E ProcessGroupNCCL.cpp:6] [Rank 0] Watchdog caught collective operation timeout: W\n"),
              says("exception", "ValueError"));
}

TEST(Diagnosis, ReadsTheReportOnMemoryThatATerminalBroke) {
  EXPECT_THAT(end_of("[rank1]: " + kTraceback +
                     "[rank1]: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. "
                     "GPU  has a to\ntal capacity of 23.67 GiB of which 1.59 GiB is free. Inc\nluding\n"),
              AllOf(HasSubstr(R"("total_gib":23.67)"), HasSubstr(R"("rank":1)")));
  EXPECT_THAT(end_of(kTraceback +
                     "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a to\n"
                     "tal capacity of 23.67 GiB of which 1.59 GiB is free. Process 42 has 9.50 GiB memory in use. In\n"
                     "cluding non-PyTorch memory, this process has 12.58 GiB memory in use.\n\nbye\n"),
              AllOf(HasSubstr(R"("total_gib":23.67)"), HasSubstr(R"("others_gib":9.5)"),
                    HasSubstr(R"("retryable":true)"), says("hint", "another process holds memory of this GPU")));
}

TEST(Diagnosis, TakesTheLinesOfALongMessage) {
  EXPECT_THAT(end_of(kTraceback + "pydantic_core._pydantic_core.ValidationError: 1 validation error for Config\n"
                                  "lora_r\n  Input should be a valid integer [type=int]\nnext\n\nlater\n"),
              says("message", R"(1 validation error for Config\nlora_r\n  Input should be a valid integer)"));
  EXPECT_THAT(
      end_of(kTraceback + "RuntimeError: Error(s) in loading state_dict for A:\n\tsize mismatch for b\nplain: x\n"),
      HasSubstr("size mismatch for b"));
}

TEST(Diagnosis, ReadsTracebacksOfEveryKind) {
  // IPython: the class stands in front, and frames are not indented.
  EXPECT_THAT(end_of("-----\nOutOfMemoryError                          Traceback (most recent call last)\n"
                     "Cell In[5], line 3\n      1 x = 1\n----> 3 trainer.train()\n\nFile /a/b.py:12, in f(x)\nNote: x\n"
                     "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n\n"),
              AllOf(is("oom_gpu"), says("exception", "OutOfMemoryError")));
  // A log that begins within one.
  EXPECT_THAT(end_of(kRank + "  File \"/x/torch/autograd/__init__.py\", line 267, in backward\n" + kRank +
                     "    run()\n" + kRank + "torch.cuda.OutOfMemoryError: CUDA out of memory.\n"),
              AllOf(is("oom_gpu"), HasSubstr(R"("rank":1)")));
  // C++.
  EXPECT_THAT(end_of("terminate called after throwing an instance of 'c10::Error'\n  what():  CUDA error: an illegal "
                     "memory access was encountered\nException raised from f at x.cpp:1\n"),
              AllOf(is("cuda_error"), says("exception", "c10::Error"), HasSubstr(R"("retryable":true)")));
}

TEST(Diagnosis, WhatEndedNothingIsLeftAlone) {
  for (const std::string& log :
       {"Exception ignored in: <f>\n" + kTraceback + "ValueError: b\n",
        "Exception in thread NetStatThr:\n" + kTraceback + "BrokenPipeError: [Errno 32] Broken pipe\n",
        "--- Logging error ---\n" + kTraceback + "ValueError: I/O operation on closed file\n",
        std::string("Stack (most recent call last):\n  File \"/x/a.py\", line 2, in f\n    f()\nValueError: seen\n"),
        std::string("  File \"/x/a.py\", line 2, in f\nWARNING: look at this\nINFO: done\n"),
        std::string("ValueError: said in passing\n"), std::string("the Killed and the Missing\n")})
    EXPECT_TRUE(events_of(log).empty()) << log;
}

TEST(Diagnosis, AlwaysHasAMessage) {
  EXPECT_THAT(end_of(kTraceback + "KeyboardInterrupt\n"), says("message", "KeyboardInterrupt"));
}

TEST(Diagnosis, HidesCredentials) {
  EXPECT_THAT(end_of(kTraceback + "ValueError: Invalid user token hf_abcdefghijklmnopqrst\n"),
              AllOf(is("hf_auth"), HasSubstr("hf_***"), Not(HasSubstr("ghijkl"))));
}

TEST(Diagnosis, TellsTheLineOfItsSource) {
  EXPECT_THAT(end_of("0123456789\n" + kTraceback + "ValueError: x\n"),
              HasSubstr("@" + std::to_string(11 + kTraceback.size())));
}

TEST(Diagnosis, SplittingTheBytesChangesNothing) {
  std::mt19937 random(5);
  const std::string parts[] = {"bar 1\n",
                               "bar 2\r",
                               "record nan\n",
                               "summary\r\n",
                               kTraceback,
                               "[rank1]: " + kTraceback,
                               "ValueError: x\n",
                               "[rank1]: OSError: [Errno 28] a\n",
                               "\n",
                               "Killed\n",
                               "Root Cause (first observed failure):\r\n",
                               "  rank      : 1 (local_rank: 1)\n",
                               "  exitcode  : -9 (pid: 7)\n",
                               "a\n"};
  for (int round = 0; round < 300; ++round) {
    std::string log;
    for (unsigned n = random() % 30; n > 0; --n) log += parts[random() % std::size(parts)];
    if (round % 2 == 0) log += "ValueError: without an end";
    const auto whole = events_of(log);
    for (const size_t chunk : {1U, 2U, 7U, 64U}) ASSERT_EQ(events_of(log, chunk), whole) << chunk << "\n" << log;
  }
}

TEST(Diagnosis, StaysSmallAndQuickOnRubbish) {
  Reader reader(nullptr);
  std::mt19937 random(1);
  std::string rubbish;
  for (int i = 0; i < 20'000; ++i) {
    rubbish += "[rank" + std::to_string(random() % 5000) + "]: ";
    rubbish += i % 3 == 0 ? "Traceback (most recent call last):\n" : "E" + std::to_string(i) + "Error: x\n";
  }
  size_t events = 0;
  for (int i = 0; i < 10; ++i) events += reader.push(rubbish, 7).size();
  EXPECT_LT(events, 1000U);
  (void)reader.push(std::string(20'000'000, 'A'), 7);
  EXPECT_LE(reader.finish(7).size(), 100U);
}

}  // namespace
}  // namespace stoker::training_log
