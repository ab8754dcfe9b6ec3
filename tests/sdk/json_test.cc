#include <gtest/gtest.h>

#include <stoker/cpp/json.hpp>

namespace stoker {
namespace {

Json read(std::string_view text) { return Json::parse(text, "acme", STOKER_E_UNAVAILABLE); }

TEST(Json, NullIsSaidAndAbsentIsNot) {
  const Json json = Json::parse(R"({"a":null,"b":0})", "test", STOKER_E_INTERNAL);
  EXPECT_TRUE(json["a"].is_null());
  EXPECT_FALSE(json["b"].is_null());
  EXPECT_FALSE(json["c"].is_null());
  EXPECT_FALSE(json["a"].exists());
}

TEST(Json, ReadsWhatIsThere) {
  const Json json = read(R"({"id":42,"name":"a","price":3.39,"on":true,"list":[1,2],"map":{"x":"1","y":"2"}})");
  EXPECT_EQ(json["id"].text(), "42");
  EXPECT_EQ(json["id"].integer(), 42);
  EXPECT_EQ(json["name"].text(), "a");
  EXPECT_EQ(json["price"].real(), 3.39);
  EXPECT_EQ(json["id"].real(), 42.0);
  EXPECT_TRUE(json["on"].boolean(false));
  EXPECT_EQ(json["list"].items().size(), 2U);
  EXPECT_EQ(json["map"].values().at(1).text(), "2");
  EXPECT_TRUE(json["list"].is_list());
  EXPECT_TRUE(json["map"].is_object());
}

TEST(Json, WhatIsAbsentOrOfAnotherTypeReadsAsTheFallback) {
  const Json json = read(R"({"id":null,"name":{},"count":-3})");
  EXPECT_FALSE(json["id"].exists());
  EXPECT_FALSE(json["nothing"].exists());
  EXPECT_EQ(json["nothing"]["deeper"].text(), "");
  EXPECT_EQ(json["name"].text(), "");
  EXPECT_EQ(json["name"].integer(7), 7);
  EXPECT_EQ(json["count"].count(), 0U);
  EXPECT_TRUE(json["nothing"].boolean(true));
  EXPECT_TRUE(json["name"].items().empty());
  EXPECT_FALSE(json["name"].real());
  EXPECT_FALSE(json["name"].is_list());
  EXPECT_FALSE(Json().exists());
}

TEST(Json, OutlivesItsDocumentsOtherCopies) {
  Json inner;
  {
    const Json json = read(R"({"a":{"b":"deep"}})");
    inner = json["a"];
  }
  EXPECT_EQ(inner["b"].text(), "deep");
}

TEST(Json, AnythingElseIsAFailureOfTheCallersChoice) {
  for (const char* text : {"", "<html>", "{\"a\":1", "{} {}", "\"\xff\""}) {
    try {
      (void)Json::parse(text, "acme", STOKER_E_UNKNOWN_OUTCOME);
      ADD_FAILURE() << text;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), STOKER_E_UNKNOWN_OUTCOME);
      EXPECT_STREQ(failure.what(), "acme answered with something that is not JSON");
    }
  }
}

}  // namespace
}  // namespace stoker
