// docs/metrics.md is a contract: each key it names has the name it says.
#include "core/training_log/canonical_names.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sdk/include/stoker/log_parser.h"

namespace stoker::training_log {
namespace {

std::vector<std::string> in_backticks(const std::string& cell) {
  std::vector<std::string> words;
  std::istringstream in(cell);
  for (std::string outside, word; std::getline(in, outside, '`') && std::getline(in, word, '`');) words.push_back(word);
  return words;
}

struct Row {
  std::string name;
  std::vector<std::string> keys;
};

std::vector<Row> table() {
  std::ifstream file(STOKER_SOURCE_DIR "/docs/metrics.md");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream in(line);
    std::string cell;
    std::vector<std::string> cells;
    while (std::getline(in, cell, '|')) cells.push_back(cell);
    rows.push_back({in_backticks(cells.at(1)).at(0), in_backticks(cells.at(3))});
  }
  return rows;
}

TEST(CanonicalNames, AreThoseOfTheDocumentedTable) {
  const auto rows = table();
  ASSERT_THAT(rows, testing::SizeIs(20));
  for (const Row& row : rows) {
    EXPECT_FALSE(row.keys.empty()) << row.name;
    const int32_t kind = row.name == "eval_loss" ? STOKER_EVENT_EVAL : STOKER_EVENT_METRIC;
    for (const std::string& key : row.keys) EXPECT_EQ(canonical_name(kind, key), row.name) << key;
  }
}

TEST(CanonicalNames, DropThePrefixOfAnEvaluation) {
  for (const char* prefix : {"eval_", "predict_", "test_"})
    EXPECT_EQ(canonical_name(STOKER_EVENT_EVAL, prefix + std::string("mean_token_accuracy")), "token_accuracy");
  EXPECT_EQ(canonical_name(STOKER_EVENT_EVAL, "eval_ppl"), "perplexity");
  EXPECT_EQ(canonical_name(STOKER_EVENT_METRIC, "eval_ppl"), "");
  EXPECT_EQ(canonical_name(STOKER_EVENT_METRIC, "bleu"), "");
}

}  // namespace
}  // namespace stoker::training_log
