#include "core/plugin_host/http_date.h"

#include <gtest/gtest.h>

namespace stoker::plugin_host {
namespace {

constexpr int64_t kNow = 784'111'777'000;  // the date of RFC 9110

TEST(HttpDate, TheDateOfTheStandard) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), kNow);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1'709'251'200'000);
}

TEST(HttpDate, WhatIsNoDate) {
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 30 Feb 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, -6 Nov 1994 08:49:37 GMT"})
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
}

TEST(HttpDate, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(parse_retry_after("0", kNow), 0);
  EXPECT_EQ(parse_retry_after("120", kNow), 120'000);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow), 30'000);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", kNow), 0) << "it is over";
  for (const char* text : {"", "-1", "1.5", " 1", "soon", "1234567890123456", "0x10"})
    EXPECT_EQ(parse_retry_after(text, kNow), std::nullopt) << text;
}

TEST(HttpDate, RateLimitResetIsATimeOrAnInterval) {
  constexpr int64_t kLater = 1'700'000'000'000;
  EXPECT_EQ(parse_rate_limit_reset("1700000060", kLater), 60'000);
  EXPECT_EQ(parse_rate_limit_reset("1699999999", kLater), 0);
  EXPECT_EQ(parse_rate_limit_reset("60", kLater), 60'000);
  EXPECT_EQ(parse_rate_limit_reset("tomorrow", kLater), std::nullopt);
}

}  // namespace
}  // namespace stoker::plugin_host
