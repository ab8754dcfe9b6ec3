#include "core/plugin_host/http_body.h"

#include <gtest/gtest.h>

namespace stoker::plugin_host {
namespace {

// The content, "|" and what was left over; or the fault. Fed in pieces of every size.
std::string read(const std::string& headers, const std::string& wire, const std::string& method = "GET",
                 int status = 200) {
  std::string first;
  for (size_t piece = 1; piece <= wire.size() + 1; ++piece) {
    std::string got;
    try {
      HttpBody body(parse_head("HTTP/1.1 " + std::to_string(status) + " OK\r\n" + headers + "\r\n"), method);
      size_t at = 0;
      while (at < wire.size() && !body.whole()) {
        const size_t taken = body.take(std::string_view(wire).substr(at, piece), got);
        EXPECT_GT(taken, 0u);
        at += taken;
      }
      if (!body.whole()) body.end();
      got += "|" + wire.substr(at);
    } catch (const BadAnswer& fault) {
      got = fault.what();
    }
    if (piece == 1) first = got;
    EXPECT_EQ(got, first) << "in pieces of " << piece;
  }
  return first;
}

TEST(HttpBody, HasTheLengthItSays) {
  EXPECT_EQ(read("Content-Length: 5\r\n", "helloHTTP"), "hello|HTTP");
  EXPECT_EQ(read("Content-Length: 0\r\n", "x"), "|x");
  EXPECT_EQ(read("Content-Length: 2\r\nContent-Length: 2\r\n", "okx"), "ok|x");
  EXPECT_EQ(read("Content-Length: 5\r\n", "hell"), "it ends after 4 of 5 bytes");
}

TEST(HttpBody, ComesInChunks) {
  const char* chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(read(chunked, "5\r\nhello\r\n0006;x=y\r\n world\r\n0\r\nTrailer: z\r\n\r\nHTTP"), "hello world|HTTP");
  EXPECT_EQ(read(chunked, "0\r\n\r\n"), "|");
  EXPECT_EQ(read(chunked, "A\r\n0123456789\r\n0 \r\n\r\n"), "0123456789|");
}

TEST(HttpBody, EndsWithTheConnectionWhereNothingElseIsSaid) { EXPECT_EQ(read("", "all of it"), "all of it|"); }

TEST(HttpBody, SomeAnswersHaveNone) {
  EXPECT_EQ(read("Content-Length: 5\r\n", "next", "HEAD"), "|next");
  EXPECT_EQ(read("", "next", "GET", 204), "|next");
  EXPECT_EQ(read("Transfer-Encoding: chunked\r\n", "next", "GET", 304), "|next");
}

TEST(HttpBody, LengthsThatAreNone) {
  for (const char* length : {"-1", "+5", "5x", "0x5", "", "5, 5", "1234567890123456"})
    EXPECT_EQ(read("Content-Length: " + std::string(length) + "\r\n", "hello"), "its Content-Length is not a number");
  EXPECT_EQ(read("Content-Length: 5\r\ncontent-length: 6\r\n", "hello"), "it has two lengths that differ");
  EXPECT_EQ(read("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            "it has both a Content-Length and a Transfer-Encoding");
  EXPECT_EQ(read("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "its Transfer-Encoding is not chunked");
  EXPECT_EQ(read("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            "its Transfer-Encoding is not chunked");
}

TEST(HttpBody, ChunksThatAreNone) {
  const auto chunked = [](const std::string& wire) { return read("Transfer-Encoding: chunked\r\n", wire); };
  for (const char* wire : {"\r\n", "x\r\n", "-1\r\n", "5x\r\nhello\r\n", " 5\r\nhello\r\n"})
    EXPECT_EQ(chunked(wire), "the size of a chunk is not a number") << wire;
  EXPECT_EQ(chunked("100000000\r\n"), "a chunk is said to be larger than 4 GiB");
  EXPECT_EQ(chunked("FFFFFFFFFFFFFFFFF\r\n"), "a chunk is said to be larger than 4 GiB");
  EXPECT_EQ(chunked("5\r\nhello!\r\n0\r\n\r\n"), "a chunk is longer than it said");
  EXPECT_EQ(chunked("5\nhello\r\n"), "a line between its chunks does not end as it should");
  EXPECT_EQ(chunked("5" + std::string(1100, ' ')), "a line between its chunks is too long");
  for (const char* wire : {"", "5", "5\r\n", "5\r\nhell", "5\r\nhello", "5\r\nhello\r\n", "0\r\n", "0\r\nX: y\r\n"})
    EXPECT_EQ(chunked(wire), "it ends amid its chunks") << wire;
  std::string trailers = "0\r\n";
  for (int i = 0; i < 80; ++i) trailers += "X: " + std::string(900, 'y') + "\r\n";
  HttpBody body(parse_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "GET");
  std::string content;
  EXPECT_THROW(body.take(trailers, content), BadAnswer);
}

}  // namespace
}  // namespace stoker::plugin_host
