// What no training prints, or only seems to: no crash, nothing that grows, no event that is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "log-parsers/axolotl/parser.h"
#include "log-parsers/transformers/parser.h"
#include "tests/log-parsers/shown_events.h"

namespace stoker {
namespace {

using testing::Contains;
using testing::Each;
using testing::Not;
using testing::StartsWith;

const std::string kRecord = "{'loss': 1.0, 'learning_rate': 0.1, 'epoch': 0.5}\n";
const std::string kShown = "METRIC loss=1.000000 learning_rate=0.100000 epoch=0.500000";

template <class Parser>
class BadInput : public testing::Test {
 protected:
  BadInput() : emit_(&keep, &events_) {}

  // Pushes `piece` again and again, as a machine would send it.
  void push(const std::string& piece, size_t times = 1) {
    for (size_t i = 0; i < times; ++i) parser_.push(piece, emit_);
  }
  const std::vector<std::string>& finish() {
    parser_.finish(STOKER_FINISH_EOF, emit_);
    return events_;
  }
  // That the parser still reads what follows.
  void expect_only_the_record() {
    push("\n" + kRecord);
    EXPECT_THAT(finish(), testing::ElementsAre("PHASE train", kShown));
  }

 private:
  static stoker_status keep(void* user, const stoker_log_event* event) {
    auto& events = *static_cast<std::vector<std::string>*>(user);
    if (events.size() < 1000) events.push_back(test::shown(*event));
    return STOKER_OK;
  }
  std::vector<std::string> events_;
  LogEmit emit_;
  Parser parser_{StreamInfo{}};
};

using Parsers = testing::Types<transformers::Parser, axolotl::Parser>;
TYPED_TEST_SUITE(BadInput, Parsers);

TYPED_TEST(BadInput, Rubbish) {
  std::mt19937 random(11);
  for (int i = 0; i < 200; ++i) {
    std::string bytes(4096, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    this->push(bytes);
  }
  this->expect_only_the_record();
}

TYPED_TEST(BadInput, ALineOfAGigabyte) {
  this->push(std::string(1 << 20, 'x'), 1024);
  this->expect_only_the_record();
}

TYPED_TEST(BadInput, TenMillionRedrawsWithoutALine) {
  std::string redraws;
  for (int i = 0; i < 10'000; ++i) redraws += "\rworking |";
  this->push(redraws, 1000);
  this->expect_only_the_record();
}

TYPED_TEST(BadInput, DictsThatNeverClose) {
  this->push("{'loss': 1.0, 'a': {'b': [(");
  this->push("{'loss': ", 100'000);
  this->push("\n{'loss': 1.0, 'epoch': 0.5\n{'loss': 'x\n{'loss': 1.0, 'epoch\n");
  this->expect_only_the_record();
}

TYPED_TEST(BadInput, AKeyOfAMegabyte) {
  this->push("{'loss': 1.0, '" + std::string(1 << 20, 'k') + "': 2.0, 'epoch': 0.5}\n");
  this->expect_only_the_record();
}

TYPED_TEST(BadInput, NumbersOfTenThousandDigits) {
  const std::string digits(10'000, '9');
  this->push("{'loss': 1.0, 'big': " + digits + ", 'epoch': 0.5}\n");
  this->push("{'loss': 1.0, 'small': 0.1e-" + digits + ", 'epoch': 0.5}\n");
  this->push("100%|#| " + digits + "/" + digits + " [" + digits + "<" + digits + ", " + digits + "it/s]\n");
  this->push("Num examples = " + digits + "\n***** Running training *****\n  Num examples = " + digits + "\n\n");
  const auto& events = this->finish();
  EXPECT_THAT(events, Contains(StartsWith("METRIC loss=1.000000 big=inf")));
  EXPECT_THAT(events, Contains("METRIC loss=1.000000 small=0.000000 epoch=0.500000"));
  EXPECT_THAT(events, Each(Not(StartsWith("PROGRESS"))));
}

TYPED_TEST(BadInput, EscapeBombs) {
  this->push("\x1b[", 1'000'000);
  this->push("\n\x1b]0;");
  this->push("title", 1'000'000);
  this->push("\n\x1b[" + std::string(100'000, '1') + "A");
  this->expect_only_the_record();
}

TYPED_TEST(BadInput, PrintsThatLookLikeRecords) {
  this->push(kRecord);
  for (const std::string dict : {"{'loss': 9.0, 'epoch': 0.5}", "{\"loss\": 9.0, \"epoch\": 0.5}"}) {
    for (const std::string before : {"[", "[[", "({'a': 1}, ", "{'role': 'user', 'content': ", "answer = ", "'"})
      this->push(before + dict + "\n");
  }
  this->push("{'loss': 9.0}\n{'loss': 9.0, 'accuracy': 1.0}\n{'role': 'user', 'content': 'loss'}\n");
  EXPECT_THAT(this->finish(), testing::ElementsAre("PHASE train", kShown));
}

TYPED_TEST(BadInput, ALogThatChangesItsFramework) {
  this->push(kRecord + "[2025-04-01 10:00:00,001] [INFO] [axolotl.train:3] [PID:7] [RANK:0] Starting trainer...\n");
  this->push("Epoch 0:   6%|6 | 32/500 [0:28<9:39,  1.37it/s, loss=2.6, v_num=9, train_loss=2.590]\n");
  this->push(" iteration        1/  500 | consumed samples:  32 | lm loss: 3.01E+00 | grad norm: 2.948 |\n");
  this->push("==((====))==  Unsloth - 2x faster free finetuning | Num GPUs used = 1\n" + kRecord);
  const auto& events = this->finish();
  EXPECT_EQ(std::count(events.begin(), events.end(), kShown), 2);
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e.starts_with("METRIC"); }), 2);
}

}  // namespace
}  // namespace stoker
