#include <gtest/gtest.h>

#include <stoker/cpp/percent.hpp>

namespace stoker {
namespace {

TEST(Percent, WhatMeansSomethingInAUrlIsEncoded) {
  EXPECT_EQ(percent_encoded("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encoded("a+/=&?# %"), "a%2B%2F%3D%26%3F%23%20%25");
  EXPECT_EQ(percent_encoded(std::string_view("\0\x7f\xc3\xa9\"", 5)), "%00%7F%C3%A9%22");
  EXPECT_EQ(percent_encoded(""), "");
}

}  // namespace
}  // namespace stoker
