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

// The log begins with the last frame of an evaluation.
TEST(Parser, FindsTheTrainingBarInALogThatBeginsInTheMiddle) {
  const auto events = events_of(
      " 67%|######    | 2/3 [00:02<00:01,  1.00s/it]\n{'eval_loss': 1.0, 'eval_runtime': 3.6, 'epoch': 1.0}\n"
      " 35%|###       | 302/873 [27:20<51:27,  5.41s/it]\n 67%|######    | 2/3 [00:02<00:01,  1.00s/it]\n");
  EXPECT_TRUE(holds(events, "PROGRESS scope=train n=302 total=873 unit=it elapsed_s=1640.000000 rate=0.184843"));
  EXPECT_TRUE(events.back().starts_with("PROGRESS scope=eval n=2 total=3")) << events.back();
}

TEST(Parser, TellsWhereTheModelIs) {
  const auto events = events_of(
      "Saving model checkpoint to out/a b\nConfiguration saved in out/a b/config.json\n"
      "Model weights saved in out/a b/model.safetensors\nModel weights saved in out/a b/model.safetensors\n"
      "Unsloth: Merge process complete. Saved to `merged/x`\n");
  const std::vector<std::string> expected = {"CHECKPOINT path=out/a b complete=0", "CHECKPOINT path=out/a b complete=1",
                                             "CHECKPOINT path=merged/x complete=1"};
  EXPECT_EQ(events, expected);
}

TEST(Parser, SaysThatATrainingBeginsAnew) {
  const std::string run =
      "  0%|          | 0/4 [00:00<?, ?it/s]\n 50%|#####     | 2/4 [00:02<00:02,  1.00s/it]\n"
      "{'loss': 2.0, 'learning_rate': 0.1, 'epoch': 0.1}\n100%|##########| 4/4 [00:04<00:00,  1.00s/it]\n"
      "{'train_runtime': 4.0, 'train_loss': 2.0, 'epoch': 1.0}\n";
  const auto events = events_of(run + run + run);
  std::vector<std::string> runs;
  std::copy_if(events.begin(), events.end(), std::back_inserter(runs),
               [](const auto& e) { return e.starts_with("RUN"); });
  const std::vector<std::string> expected = {"RUN transformers run=1 framework=transformers total_steps=4",
                                             "RUN transformers run=2 framework=transformers total_steps=4"};
  EXPECT_EQ(runs, expected);
}

TEST(Parser, TellsTheTrainableParametersOfPeft) {
  const auto events = events_of(
      "trainable params: 4,194,304 || all params: 6,742,609,920 || trainable%: 0.06\n***** Running training *****\n"
      "  Num examples = 100\n  Total optimization steps = 9\n\n");
  EXPECT_TRUE(holds(events,
                    "RUN transformers run=0 framework=transformers total_steps=9 num_examples=100 "
                    "trainable_parameters=4194304"));
}

// Two machines print the same training; the second one's bar and its end are no events of the first.
TEST(Parser, KeepsOriginsApart) {
  const auto events = events_of(
      "10.0.0.1:   0%|          | 0/9 [00:00<?, ?it/s]\n10.0.0.2:   0%|          | 0/9 [00:00<?, ?it/s]\n"
      "10.0.0.1:  22%|##        | 2/9 [00:02<00:07,  1.00it/s]\n10.0.0.2:  11%|#         | 1/9 [00:02<00:16,  "
      "2.00s/it]\n"
      "10.0.0.2: {'loss': 2.0, 'learning_rate': 0.1, 'epoch': 0.1}\n"
      "10.0.0.2:  33%|###       | 1/3 [00:01<00:02,  1.00s/it]\n");
  EXPECT_TRUE(holds(events, "PROGRESS scope=train n=0 total=9 unit=it elapsed_s=0.000000 @source=10.0.0.2"));
  EXPECT_TRUE(holds(events, "METRIC loss=2.000000 learning_rate=0.100000 epoch=0.100000 @source=10.0.0.2"));
  EXPECT_TRUE(
      holds(events, "PROGRESS scope=eval n=1 total=3 unit=it elapsed_s=1.000000 rate=1.000000 @source=10.0.0.2"));
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& event) { return event.starts_with("PHASE"); }),
            1);
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
