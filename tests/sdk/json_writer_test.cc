#include "sdk/include/stoker/cpp/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace stoker {
namespace {

TEST(JsonWriter, WritesNestedValues) {
  JsonWriter json;
  json.begin_object().member("name", "tiny\n\"lm\"").member("n", 3).member("ok", true).member("loss", 0.25);
  json.key("list").begin_array().integer(1).null().raw(R"({"a":1})").end_array().end_object();
  EXPECT_EQ(json.str(), R"({"name":"tiny\n\"lm\"","n":3,"ok":true,"loss":0.25,"list":[1,null,{"a":1}]})");
}

TEST(JsonWriter, NumbersThatAreNotFiniteAreNull) {
  JsonWriter json;
  json.begin_array()
      .real(std::numeric_limits<double>::quiet_NaN())
      .real(std::numeric_limits<double>::infinity())
      .end_array();
  EXPECT_EQ(json.str(), "[null,null]");
}

}  // namespace
}  // namespace stoker
