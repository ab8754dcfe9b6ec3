#include "log-parsers/axolotl/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log-parsers/axolotl/message.h"
#include "tests/log-parsers/shown_events.h"

namespace stoker::axolotl {
namespace {

using testing::Contains;
using testing::Each;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> events_of(std::string_view log) {
  Parser parser({});
  return test::events_of(parser, log);
}

constexpr std::string_view kTraining =
    "**** Axolotl Dependency Versions *****\n"
    "  accelerate: 1.2.0\n"
    "  axolotl: 0.9.1\n"
    "transformers: 4.51.3\n"
    "       torch: 2.6.0+cu124\n"
    "****************************************\n"
    "[2025-04-01 10:00:00,001] [INFO] [axolotl.load_tokenized_prepared_datasets:1] [PID:7] [RANK:0] Unable to find "
    "prepared dataset in last_run_prepared/0a\x1b[39m\n"
    "[2025-04-01 10:00:01,001] [INFO] [axolotl.train:2] [PID:7] [RANK:0] loading model and peft_config...\x1b[39m\n"
    "trainable params: 79,953,920 || all params: 6,818,369,536 || trainable%: 1.1726\n"
    "[2025-04-01 10:00:02,001] [INFO] [axolotl.train:3] [PID:7] [RANK:0] Starting trainer...\x1b[39m\n"
    "  0%|          | 0/20 [00:00<?, ?it/s]\r 50%|#####     | 10/20 [00:20<00:20,  2.00s/it]"
    "{'loss': 1.5, 'grad_norm': 0.5, 'learning_rate': 1e-05, 'memory/max_active (GiB)': 9.5, 'ppl': 4.48, 'epoch': "
    "0.5}\n"
    "100%|##########| 20/20 [00:40<00:00,  2.00s/it][2025-04-01 10:01:00,001] [INFO] "
    "[axolotl.core.trainers.base._save:4] "
    "[PID:7] [RANK:0] Saving model checkpoint to ./out/checkpoint-20\n"
    "{'train_runtime': 40.5, 'train_loss': 1.5, 'epoch': 1.0}\n"
    "[2025-04-01 10:01:02,001] [INFO] [axolotl.train] Training completed! Saving trained model to ./out.\n";

TEST(Axolotl, ReadsATraining) {
  const auto events = events_of(kTraining);
  EXPECT_THAT(events, Contains("PHASE tokenize"));
  EXPECT_THAT(events, Contains("PHASE load_model"));
  EXPECT_THAT(events, Contains("RUN axolotl run=0 framework=axolotl version=0.9.1 transformers_version=4.51.3 "
                               "torch_version=2.6.0+cu124 trainable_parameters=79953920"));
  EXPECT_THAT(events, Contains("METRIC loss=1.500000 grad_norm=0.500000 learning_rate=0.000010 memory/max_active "
                               "(GiB)=9.500000 ppl=4.480000 epoch=0.500000"));
  EXPECT_THAT(events, Contains("CHECKPOINT step=20 path=./out/checkpoint-20 complete=0"));
  EXPECT_THAT(events, Contains(StartsWith("SUMMARY")));
  EXPECT_THAT(events, Contains("PHASE save"));
  EXPECT_EQ(events.back(), "CHECKPOINT path=./out complete=0");
  EXPECT_THAT(events, Each(Not(StartsWith("DIAGNOSIS"))));
}

TEST(Axolotl, TellsWhatItPreparedAndHowMuchMemoryItTakes) {
  const std::string log = "[2023-08-24 20:18:54,867] [INFO] [axolotl.a:1] [PID:1] ";
  const auto events =
      events_of(log + "GPU memory usage baseline: 0.000GB (+0.674GB misc)\n" + log +
                "UPDATE CONFIG WITH: `total_num_tokens: 1514815`\n" + log +
                "packing_efficiency_estimate: 0.98 total_num_tokens per device: 79978\n" + log +
                "UPDATE CONFIG WITH: `sample_packing_eff_est: 0.98`\n" + log + "total_num_steps: 230\n" + log +
                "GPU memory usage after adapters: 6.830GB (+1.365GB cache)\n" + log +
                "Starting trainer...\n 0%|  | 0/230 [00:00<?, ?it/s]" + log +
                "GPU memory usage while training: 7.107GB (+4.912GB cache, +1.284GB misc)\n");
  EXPECT_THAT(events,
              Contains("RUN axolotl run=0 framework=axolotl gpu_memory_baseline_gib=0 num_tokens=1514815 "
                       "packing_efficiency=0.980000 expected_steps=230 gpu_memory_after_adapters_gib=6.830000"));
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& event) { return event.starts_with("DIAG"); }),
            1);
  EXPECT_THAT(events, Contains("DIAGNOSIS gpu_memory used_gib=7.107000 terminal=0 \"GPU memory usage while training: "
                               "7.107GB (+4.912GB cache, +1.284GB misc)\""));
}

TEST(Axolotl, TellsWhereTheModelIs) {
  const std::string log = "[2025-10-24 20:18:54,867] [INFO] [axolotl.train] ";
  const auto events = events_of(log + "Training completed! Saving pre-trained model to ./out dir.\n" + log +
                                "Model successfully saved to ./out dir\n" + log + "Merging LoRA with base model...\n" +
                                log + "Model successfully merged and saved to out/merged\n");
  EXPECT_THAT(events, testing::ElementsAre("PHASE save", "CHECKPOINT path=./out dir complete=0",
                                           "CHECKPOINT path=./out dir complete=1", "PHASE merge",
                                           "CHECKPOINT path=out/merged complete=1"));
}

TEST(Axolotl, FindsItsMessagesInEachForm) {
  const std::pair<std::string_view, std::string_view> lines[] = {
      {"[2023-08-24 20:20:53,747] [INFO] [axolotl.scripts.train:288] [PID:125016] [RANK:3] Starting trainer...",
       "Starting trainer... 3"},
      {"[2023-07-24 20:20:53,747] [INFO] [PID:12] [axolotl.train:28] hello", "hello -1"},
      {"[2026-06-20 15:38:29,823] [INFO] [axolotl.train] hello ", "hello -1"},
      {"[2026-06-20 15:38:29,823] [INFO] [axolotl.train] [RANK:1] hello", "hello 1"},
      {"9/9 [00:01<00:00, 1it/s][2026-06-20 15:38:29,823] [INFO] [axolotl.train] hello", "hello -1"},
      {"[2026-06-20 15:38:29,823] [INFO] [axolotl.train] [PID:x] hello", "[PID:x] hello -1"},
      {"[2026-06-20 15:38:29,823] [INFO] [axolotl.train]", " -1"}};
  for (const auto& [line, expected] : lines) {
    const auto message = find_message(line);
    ASSERT_TRUE(message) << line;
    EXPECT_EQ(std::string(message->text) + " " + std::to_string(message->rank), expected) << line;
  }
  for (const char* line : {"", "[axolotl.", "] [axolotl.", "[2026] [INFO] [datasets.builder] hello"})
    EXPECT_FALSE(find_message(line)) << line;
}

TEST(Axolotl, SplittingTheBytesChangesNothing) {
  Parser whole_parser({});
  const auto whole = test::parse(whole_parser, kTraining, {kTraining.size() + 1});
  for (const size_t size : {1U, 2U, 3U, 5U, 7U}) {
    Parser parser({});
    EXPECT_EQ(test::parse(parser, kTraining, {size}), whole) << size;
  }
}

TEST(Axolotl, IsChosenForItsOwnLogsOnly) {
  EXPECT_GT(Parser::detect(kTraining), transformers::Trainer::detect(kTraining));
  const std::string trainers = "***** Running training *****\n{'loss': 1.0, 'learning_rate': 1e-05, 'epoch': 0.5}\n";
  EXPECT_LT(Parser::detect(trainers), transformers::Trainer::detect(trainers));
  EXPECT_EQ(Parser::detect("plain text\n"), 0);
}

}  // namespace
}  // namespace stoker::axolotl
