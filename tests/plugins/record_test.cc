#include "plugins/record/record.h"

#include <gtest/gtest.h>

#include <stoker/cpp/failure.hpp>

#include "tests/plugins/workshop.h"

namespace stoker::record {
namespace {

TEST(Record, ComesBackAsWritten) {
  const test::Workshop workshop;
  const Record written{{"a", "1"}, {"empty", ""}, {"equals", "x=y=z"}};
  write(workshop / "r", written);
  EXPECT_EQ(read(workshop / "r"), written);
  EXPECT_EQ(std::filesystem::status(workshop / "r").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(std::filesystem::exists(workshop / "r.part"));
  EXPECT_EQ(read(workshop / "none"), std::nullopt);
}

TEST(Record, DamageIsNamed) {
  try {
    parse("a=1\nnonsense\n", "/x/record");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.message(), "/x/record: line 2 is not key=value");
  }
  EXPECT_THROW(parse("=1\n", "r"), Failure);
  const test::Workshop workshop;
  EXPECT_THROW(write(workshop / "r", {{"a", "1\nb=2"}}), Failure);
  EXPECT_THROW(write(workshop / "none" / "r", {{"a", "1"}}), Failure);
}

TEST(Record, AbsentIsEmptyOrZero) {
  const Record record{{"a", "12"}, {"b", "x"}};
  EXPECT_EQ(value_of(record, "a"), "12");
  EXPECT_EQ(value_of(record, "none"), "");
  EXPECT_EQ(number_of(record, "a"), 12);
  EXPECT_EQ(number_of(record, "b"), 0);
}

TEST(Record, TokenCannotLeaveItsFolder) {
  EXPECT_TRUE(is_token("stk-0a-Z9"));
  EXPECT_TRUE(is_token(std::string(64, 'a')));
  for (const char* text : {"", ".", "..", "a/b", "a_b", "a b"}) EXPECT_FALSE(is_token(text)) << text;
  EXPECT_FALSE(is_token(std::string(65, 'a')));
}

TEST(Record, ReadingStopsAtItsLimit) {
  const test::Workshop workshop;
  write_text(workshop / "r", std::string(10000, 'x'));
  EXPECT_EQ(read_text(workshop / "r", 100)->size(), 100U);
}

}  // namespace
}  // namespace stoker::record
