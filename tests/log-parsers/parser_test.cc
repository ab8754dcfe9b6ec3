#include "log-parsers/transformers/parser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/log-parsers/shown_events.h"

namespace stoker::transformers {
namespace {

std::vector<std::string> parse(std::string_view log, const std::vector<size_t>& sizes) {
  Parser parser({});
  return test::parse(parser, log, sizes);
}

std::vector<std::string> events_of(std::string_view log) {
  Parser parser({});
  return test::events_of(parser, log);
}

bool holds(const std::vector<std::string>& events, std::string_view event) {
  return std::find(events.begin(), events.end(), event) != events.end();
}

constexpr std::string_view kTraining =
    "Map: 100%|##########| 800/800 [00:00<00:00, 9000.10 examples/s]\n"
    "[INFO|trainer.py:2519] 2026-01-02 03:04:05,678 >> ***** Running training *****\n"
    "[INFO|trainer.py:2520] 2026-01-02 03:04:05,678 >>   Num examples = 1,600\n"
    "[INFO|trainer.py:2521] 2026-01-02 03:04:05,678 >>   Num Epochs = 2\n"
    "[INFO|trainer.py:2527] 2026-01-02 03:04:05,678 >>   Total optimization steps = 40\n"
    "\r  0%|          | 0/40 [00:00<?, ?it/s]\r 25%|\xE2\x96\x88\xE2\x96\x8C        | 10/40 [00:20<01:00,  2.00s/it]"
    "{'loss': 1.25, 'grad_norm': 0.5, 'learning_rate': 1e-05, 'epoch': 0.5}      \n"
    "\r 50%|#####     | 20/40 [00:40<00:40,  2.00s/it]\n"
    "{'loss': '0.75', 'grad_norm': 'nan', 'tags': ['a', {'b': 1}], 'epoch': '1'}{'eval_loss': 0.9, 'eval_runtime': "
    "3.0, "
    "'epoch': 1.0}\r\n"
    "\x1b[A\r 33%|###       | 1/3 [00:01<00:02,  1.00it/s]\n"
    "Saving model checkpoint to out dir/checkpoint-20\n"
    "\r100%|##########| 40/40 [01:20<00:00,  2.00s/it]\n"
    "{'train_runtime': 80.5, 'train_samples_per_second': 19.9, 'train_loss': 0.8, 'epoch': 2.0}\n";

TEST(Parser, ReadsATraining) {
  const auto events = events_of(kTraining);
  EXPECT_TRUE(holds(events, "PHASE tokenize"));
  EXPECT_TRUE(
      holds(events, "RUN transformers run=0 framework=transformers total_steps=40 num_examples=1600 num_epochs=2"));
  EXPECT_TRUE(holds(events, "PROGRESS scope=train n=10 total=40 unit=it elapsed_s=20.000000 rate=0.500000"));
  EXPECT_TRUE(holds(events, "METRIC loss=1.250000 grad_norm=0.500000 learning_rate=0.000010 epoch=0.500000"));
  EXPECT_TRUE(holds(events, "METRIC loss=0.750000 grad_norm=nan epoch=1"));
  EXPECT_TRUE(holds(events, "EVAL eval eval_loss=0.900000 eval_runtime=3.000000 epoch=1.000000"));
  EXPECT_TRUE(holds(events, "PROGRESS scope=eval n=1 total=3 unit=it elapsed_s=1.000000 rate=1.000000"));
  EXPECT_TRUE(holds(events, "CHECKPOINT step=20 path=out dir/checkpoint-20 complete=0"));
  EXPECT_TRUE(holds(events, "CHECKPOINT step=20 path=out dir/checkpoint-20 complete=1"));
  EXPECT_EQ(events.back(), "PHASE done");
}

constexpr std::string_view kFailure =
    "  0%|          | 0/9 [00:00<?, ?it/s]\r 11%|#         | 1/9 [00:01<00:08,  1.00s/it]Traceback (most recent call "
    "last):\n"
    "  File \"train.py\", line 3, in <module>\n"
    "    step()\n"
    "[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
    "\r 22%|##        | 2/9 [00:01<00:08,  1.00s/it]\n";

TEST(Parser, NamesTheErrorThatEndedTheRun) {
  const auto events = events_of(kFailure);
  EXPECT_NE(events.back().find("DIAGNOSIS oom_gpu exception=torch.OutOfMemoryError"), std::string::npos)
      << events.back();
  EXPECT_NE(events.back().find("retryable=0 terminal=1"), std::string::npos) << events.back();
}

TEST(Parser, AnErrorIsNotTheEndWhenTheTrainingGoesOn) {
  const auto events = events_of(std::string(kFailure) + "\r 33%|##        | 3/9 [00:02<00:08,  1.00s/it]\n");
  for (const auto& event : events) EXPECT_EQ(event.find("terminal=1"), std::string::npos) << event;
}

TEST(Parser, ToldKinds) {
  const std::pair<std::string_view, std::string_view> kinds[] = {
      {"Traceback (most recent call last):\n  x\nOSError: [Errno 28] No space left on device: 'a'\n", "disk_full"},
      {"Traceback (most recent call last):\n  x\nKeyboardInterrupt\n", "keyboard_interrupt"},
      {"Traceback (most recent call last):\n  x\nValueError: bad\n", "exception"},
      {"Traceback (most recent call last):\n  x\nhuggingface_hub.errors.GatedRepoError: 403 Client Error.\n",
       "hf_auth"},
      {"Traceback (most recent call last):\n  x\na.RepositoryNotFoundError: 404 Client Error.\n", "hf_not_found"},
      {"Traceback (most recent call last):\n  x\nrequests.exceptions.ConnectionError: no\n", "network"},
      {"Traceback (most recent call last):\n  x\nRuntimeError: CUDA error: device-side assert triggered\n",
       "cuda_error"},
      {"Traceback (most recent call last):\n  x\na.SignalException: Process 3 got signal: 15\n", "signal"},
      {"run.sh: line 3:  77 Killed                  python train.py\n", "killed"},
      {"[rank0]:[E1 ProcessGroupNCCL.cpp:6] [Rank 0] Watchdog caught collective operation timeout: W\n",
       "nccl_timeout"}};
  for (const auto& [log, kind] : kinds) {
    const auto events = events_of(log);
    ASSERT_FALSE(events.empty()) << log;
    EXPECT_TRUE(events.back().starts_with("DIAGNOSIS " + std::string(kind))) << events.back();
  }
  EXPECT_TRUE(events_of("Exception ignored in: <f>\nTraceback (most recent call last):\n  x\nValueError: b\n").empty());
}

// A log that begins within a traceback, as what a person kept of it often does.
TEST(Parser, ReadsATracebackWithoutItsHead) {
  const auto events = events_of(
      "[rank1]:   File \"/x/torch/autograd/__init__.py\", line 267, in backward\n"
      "[rank1]:     run()\n"
      "[rank1]: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n");
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.back().starts_with("DIAGNOSIS oom_gpu exception=torch.cuda.OutOfMemoryError")) << events.back();
}

TEST(Parser, AStackThatWasLoggedIsNoFailure) {
  for (const char* log :
       {"Stack (most recent call last):\n  File \"/x/a.py\", line 2, in f\n    f()\nValueError: seen\n",
        "  File \"/x/a.py\", line 2, in f\nWARNING: look at this\nINFO: done\n"})
    EXPECT_TRUE(events_of(log).empty()) << log;
}

TEST(Parser, TellsWhichProcessWasKilled) {
  const std::string failed = "ERROR:torch.distributed.elastic.multiprocessing.api:failed (exitcode: ";
  EXPECT_TRUE(
      events_of(failed + "-9) local_rank: 7 (pid: 7) of binary: python\n").back().starts_with("DIAGNOSIS killed"));
  EXPECT_TRUE(
      events_of(failed + "1) local_rank: 7 (pid: 7) of binary: python\n").back().starts_with("DIAGNOSIS child_failed"));
}

// The log begins with the last frame of an evaluation.
TEST(Parser, FindsTheTrainingBarInALogThatBeginsInTheMiddle) {
  const auto events = events_of(
      " 67%|######    | 2/3 [00:02<00:01,  1.00s/it]\n{'eval_loss': 1.0, 'eval_runtime': 3.6, 'epoch': 1.0}\n"
      " 35%|###       | 302/873 [27:20<51:27,  5.41s/it]\n 67%|######    | 2/3 [00:02<00:01,  1.00s/it]\n");
  EXPECT_TRUE(holds(events, "PROGRESS scope=train n=302 total=873 unit=it elapsed_s=1640.000000 rate=0.184843"));
  EXPECT_TRUE(events.back().starts_with("PROGRESS scope=eval n=2 total=3")) << events.back();
}

TEST(Parser, SplittingTheBytesChangesNothing) {
  std::mt19937 random(7);
  std::string hostile = "{'a': {'b': '\\'}\x1b]0;t\x1b\\ \x1b[31";
  for (int i = 0; i < 4000; ++i) hostile += "\n\r{}'\":,%|/[<]\x1b\0\xff\xe2 5loss"[random() % 24];
  for (const std::string& log :
       {std::string(kTraining), std::string(kFailure), hostile, hostile + std::string(kTraining)}) {
    const auto whole = parse(log, {log.size() + 1});
    for (const size_t size : {1u, 2u, 3u, 5u, 7u, 65536u}) EXPECT_EQ(parse(log, {size}), whole) << size;
    std::vector<size_t> sizes;
    for (int i = 0; i < 50; ++i) sizes.push_back(1 + random() % 90);
    EXPECT_EQ(parse(log, sizes), whole);
  }
}

TEST(Parser, ALineFullOfBracesTakesNoQuadraticTime) {
  std::string line;
  while (line.size() < 4'000'000) line += "{'a': [5%|/9";
  EXPECT_TRUE(events_of(line + "\n").empty());
}

TEST(Parser, Detects) {
  EXPECT_GE(Parser::detect(kTraining), 60);
  EXPECT_EQ(Parser::detect("plain text\n"), 0);
}

}  // namespace
}  // namespace stoker::transformers
