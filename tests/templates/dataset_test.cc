#include "core/templates/dataset.h"

#include <stdlib.h>

#include <fstream>

#include "tests/templates/real_templates.h"

namespace stoker::templates {
namespace {

TEST(Tokens, AreCountedByWords) {
  EXPECT_EQ(count_tokens(""), 0);
  EXPECT_EQ(count_tokens("The capital of France is Paris."), 7);
  EXPECT_EQ(count_tokens("internationalization"), 3);
  EXPECT_EQ(count_tokens("2026-11-27"), 6);
  EXPECT_EQ(count_tokens("a   b\n\nc"), 5);
  EXPECT_EQ(count_tokens("!!!!"), 1);
  EXPECT_EQ(count_tokens("\xE6\x97\xA5\xE6\x9C\xAC"), 2);  // two Chinese characters
  EXPECT_EQ(count_tokens(std::string("\0\x01 ", 3)), 0);
}

class DatasetTest : public testing::Test {
 protected:
  DatasetTest() {
    char name[] = "/tmp/stoker-dataset-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~DatasetTest() override { std::filesystem::remove_all(folder_); }

  DatasetSize measure(const std::string& text, const Wait& wait = {}) {
    std::ofstream(folder_ / "d.jsonl", std::ios::binary) << text;
    return measure_dataset(folder_ / "d.jsonl", "the file", clock_, wait);
  }

  SystemClock clock_;
  std::filesystem::path folder_;
};

TEST_F(DatasetTest, CountsWhatAModelReads) {
  const DatasetSize chat = measure(
      "{\"messages\":[{\"role\":\"user\",\"content\":\"one two\"},{\"role\":\"assistant\",\"content\":\"three\"}]}\r\n"
      "\n"
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"four\"}]}],\"note\":\"not read\"}");
  EXPECT_EQ(chat.examples, 2);
  EXPECT_EQ(chat.tokens, 2 + 1 + 1 + 3 * 4);
  const DatasetSize preference = measure(
      R"({"input":{"messages":[{"role":"user","content":"a"}]},"preferred_output":[{"role":"assistant","content":"b"}],)"
      R"("non_preferred_output":[{"role":"assistant","content":"c d"}]})");
  EXPECT_EQ(preference.examples, 1);
  EXPECT_EQ(preference.tokens, 1 + 1 + 2 + 3 * 4);
}

TEST_F(DatasetTest, NamesTheLineThatIsNone) {
  const auto refusal = [&](const std::string& text) { return refusal_of([&] { (void)measure(text); }); };
  EXPECT_EQ(refusal("{}\n\n{\"a\":1\n").substr(0, 29), "the file, line 3: is not JSON");
  EXPECT_EQ(refusal("{}\n[1]\n"),
            "the file, line 2: is not a JSON object | each line of a data set is one JSON object | ");
  EXPECT_EQ(refusal("\n \n"), "the file holds no example | each line of a data set is one JSON object | ");
  EXPECT_EQ(refusal_of([&] { (void)measure_dataset(folder_ / "absent", "the file", clock_, {}); }),
            "can not read the file: No such file or directory |  | ");
}

TEST_F(DatasetTest, StopsWhenItsTimeIsUp) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{}\n";
  try {
    (void)measure(text, Wait{{}, clock_.mono_ms() - 1});
    ADD_FAILURE() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::deadline);
  }
}

}  // namespace
}  // namespace stoker::templates
