#include "core/plugin_host/backoff.h"

#include <gtest/gtest.h>

#include <vector>

namespace stoker::plugin_host {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

HttpAnswer said(int status, std::vector<HttpField> headers = {}) { return {status, std::move(headers), {}}; }

struct BackoffTest : testing::Test {
  double share = 1;
  std::function<double()> jitter = [this] { return share; };
  Backoff backoff{6000, jitter};
};

TEST_F(BackoffTest, PausesDoubleUpToTheirCap) {
  std::vector<int64_t> pauses;
  for (int i = 0; i < 9; ++i) pauses.push_back(backoff.after_failure());
  EXPECT_EQ(pauses, (std::vector<int64_t>{500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000, 30'000}));
  share = 0.25;
  EXPECT_EQ(backoff.after_failure(), 7500);
  share = 0;
  EXPECT_EQ(backoff.after_failure(), 0);
}

TEST_F(BackoffTest, OnlySomeAnswersAreAskedForAgain) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(backoff.after(said(status), kNow)) << status;
  for (const int status : {200, 301, 400, 401, 403, 404, 409, 422, 501, 505})
    EXPECT_FALSE(backoff.after(said(status), kNow)) << status;
}

TEST_F(BackoffTest, WhatTheServerAsksForIsTheLeast) {
  EXPECT_EQ(backoff.after(said(503, {{"retry-after", "7"}}), kNow), 7000);
  EXPECT_EQ(backoff.after(said(429, {{"Retry-After", "Tue, 14 Nov 2023 22:13:29 GMT"}}), kNow), 9000);
  EXPECT_EQ(backoff.after(said(429, {{"RateLimit-Reset", "1700000042"}}), kNow), 42'000);
  EXPECT_EQ(backoff.after(said(429, {{"ratelimit-reset", "1700000042"}, {"retry-after", "3"}}), kNow), 4000)
      << "Retry-After comes first, and the pause of its own is the longer one by now";
  EXPECT_EQ(backoff.after(said(503, {{"ratelimit-reset", "1700000042"}}), kNow), 8000) << "of a 429 only";
  EXPECT_EQ(backoff.after(said(503, {{"retry-after", "soon"}}), kNow), 16'000);
}

TEST_F(BackoffTest, ARefusalWithoutATimeWaitsForTenIntervals) {
  share = 0;
  EXPECT_EQ(backoff.after(said(429), kNow), 60'000);
  EXPECT_EQ(backoff.after(said(429), kNow), 60'000);
  share = 1;
  EXPECT_EQ(backoff.after(said(429), kNow), 90'000);
  Backoff quick(0, jitter);
  share = 0;
  EXPECT_EQ(quick.after(said(429), kNow), 1000);
  EXPECT_EQ(quick.after(said(429), kNow), 2000);
}

}  // namespace
}  // namespace stoker::plugin_host
