#include "core/api/head.h"

#include <gtest/gtest.h>

namespace stoker::api {
namespace {

int fault(const std::string& bytes) {
  const HeadResult result = parse_head(bytes);
  return result.fault ? result.fault->status : 0;
}

TEST(Head, ReadsARequest) {
  const HeadResult result = parse_head("GET /a?b=c HTTP/1.1\r\nHost: x\r\nEmpty:\r\nSpaced: \t y z \r\n\r\n");
  ASSERT_FALSE(result.fault);
  EXPECT_EQ(result.head.method, "GET");
  EXPECT_EQ(result.head.target, "/a?b=c");
  EXPECT_EQ(result.head.find("hOST"), "x");
  EXPECT_EQ(result.head.find("empty"), "");
  EXPECT_EQ(result.head.find("spaced"), "y z");
  EXPECT_FALSE(result.head.find("other"));
}

TEST(Head, RefusesWhatCanBeReadInTwoWays) {
  EXPECT_EQ(fault("GET / HTTP/1.1\nHost: x\n\n"), 400);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nHost : x\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nA: b\x01\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET  / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET /\r\n\r\n"), 400);
  EXPECT_EQ(fault("\r\n\r\n"), 400);
  EXPECT_EQ(fault("G\xc3\xa4T / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET /\xc3\xa4 HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(fault("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n"), 400);
}

TEST(Head, IsCapped) {
  EXPECT_EQ(fault("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n"), 414);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 64; ++i) many += "A: b\r\n";
  EXPECT_EQ(fault(many + "\r\n"), 0);
  EXPECT_EQ(fault(many + "A: b\r\n\r\n"), 431);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nA: " + std::string(17000, 'a') + "\r\n\r\n"), 431);
}

TEST(Head, EndsAtTheEmptyLine) {
  EXPECT_EQ(head_size("GET / HTTP/1.1\r\nA: b\r\n"), 0u);
  EXPECT_EQ(head_size("GET / HTTP/1.1\r\n\r\nbody"), 18u);
  EXPECT_EQ(head_size("GET / HTTP/1.1\nA"), 15u);
  EXPECT_EQ(head_size("\r\nA"), 2u);
}

}  // namespace
}  // namespace stoker::api
