#include "sdk/include/stoker/cpp/paged_list.hpp"

#include <gtest/gtest.h>

#include "sdk/include/stoker/cpp/meaning.hpp"

namespace stoker {
namespace {

template <class Act>
std::string refusal(Act&& act) {
  try {
    act();
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
  return "none";
}

const std::string kBegin = std::to_string(STOKER_E_UNAVAILABLE) + " acme: listing machines gave a list that ";

TEST(PagedList, HasAnEndAndEachItemOnce) {
  PagedList list("acme: listing machines", 3);
  EXPECT_EQ(refusal([&] { list.page(""), list.item("1"), list.item("2"), list.page("b"), list.item("3"); }), "none");
  EXPECT_EQ(list.items(), 3U);
  EXPECT_EQ(refusal([&] { list.item("1"); }), kBegin + "has an item twice");
  EXPECT_EQ(refusal([&] { list.page("b"); }), kBegin + "has no end") << "a page that was there before";
  EXPECT_EQ(refusal([&] { list.page("c"); }), "none");
  EXPECT_EQ(refusal([&] { list.page("d"); }), kBegin + "has no end") << "more pages than there can be";
  EXPECT_EQ(refusal([&] { throw list.broken("is none"); }), kBegin + "is none");
}

TEST(Meaning, IsThatOfTheCodeOrOfTheFirstThatStandsInTheText) {
  constexpr Meaning kTable[] = {{"sold_out", STOKER_E_NO_CAPACITY}, {"out", STOKER_E_QUOTA, "ask for more", "token"}};
  EXPECT_EQ(meaning_of(kTable, "out"), &kTable[1]);
  EXPECT_EQ(meaning_of(kTable, "ou"), nullptr);
  EXPECT_EQ(meaning_within(kTable, "all is sold_out"), &kTable[0]);
  EXPECT_EQ(meaning_within(kTable, "without"), &kTable[1]);
  EXPECT_EQ(meaning_within(kTable, "no"), nullptr);
  EXPECT_STREQ(kTable[0].hint, "");
}

}  // namespace
}  // namespace stoker
