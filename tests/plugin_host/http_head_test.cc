#include "core/plugin_host/http_head.h"

#include <gtest/gtest.h>

namespace stoker::plugin_host {
namespace {

std::string fault_of(const std::string& bytes) {
  try {
    const size_t size = head_size(bytes);
    if (size == 0) return "more is to come";
    return "status " + std::to_string(parse_head(bytes.substr(0, size)).status);
  } catch (const BadAnswer& fault) {
    return fault.what();
  }
}

TEST(HttpHead, IsTakenApart) {
  const std::string bytes =
      "HTTP/1.1 200 All is well\r\nContent-Type: text/plain\r\nX-Empty:\r\nSet-Cookie:  a  \r\nset-cookie: "
      "b\r\n\r\nbody";
  EXPECT_EQ(head_size(bytes), bytes.size() - 4);
  EXPECT_EQ(head_size(bytes.substr(0, bytes.size() - 6)), 0u);
  const HttpHead head = parse_head(bytes.substr(0, bytes.size() - 4));
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.keeps_alive);
  ASSERT_EQ(head.fields.size(), 4u);
  EXPECT_EQ(*head.find("content-TYPE"), "text/plain");
  EXPECT_EQ(*head.find("X-Empty"), "");
  EXPECT_EQ(*head.find("Set-Cookie"), "a");
  EXPECT_EQ(head.find("Content"), nullptr);
}

TEST(HttpHead, TellsWhetherTheConnectionStays) {
  EXPECT_TRUE(parse_head("HTTP/1.1 204\r\n\r\n").keeps_alive);
  EXPECT_FALSE(parse_head("HTTP/1.0 200 OK\r\n\r\n").keeps_alive);
  EXPECT_FALSE(parse_head("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n").keeps_alive);
  EXPECT_FALSE(parse_head("HTTP/1.1 200 OK\r\nConnection: x\r\nconnection: close\r\n\r\n").keeps_alive);
}

TEST(HttpHead, WhatIsNone) {
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\n"), "more is to come");
  for (const char* line : {"", "HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 2000 OK", "ICY 200 OK",
                           "HTTP/1.1  200 OK", "SSH-2.0-OpenSSH_9.2p1"})
    EXPECT_EQ(fault_of(std::string(line) + "\r\n\r\n"), "its first line is not that of HTTP/1.1") << line;
  EXPECT_EQ(fault_of("HTTP/1.1 099 OK\r\n\r\n"), "its status is none of HTTP");
  EXPECT_EQ(fault_of("HTTP/1.1 600 OK\r\n\r\n"), "its status is none of HTTP");
  for (const char* line : {"no colon", ": x", "a b: x", "X : y", " folded: x", "X\x01: y"})
    EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\n" + std::string(line) + "\r\n\r\n"), "a header line has no proper name")
        << line;
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nX: a\nb\r\n\r\n"), "a header holds a control character");
  EXPECT_EQ(fault_of(std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 27)), "a header holds a control character");
}

TEST(HttpHead, HasItsLimits) {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) many += "X: y\r\n";
  EXPECT_EQ(fault_of(many + "\r\n"), "status 200");
  EXPECT_EQ(fault_of(many + "X: y\r\n\r\n"), "it has more than 100 headers");
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nX: " + std::string(65'000, 'y') + "\r\n\r\n"), "status 200");
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nX: " + std::string(66'000, 'y')), "its head is longer than 65536 bytes");
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nX: " + std::string(66'000, 'y') + "\r\n\r\n"),
            "its head is longer than 65536 bytes");
}

}  // namespace
}  // namespace stoker::plugin_host
