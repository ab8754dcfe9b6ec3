#include "core/api/chunks.h"

#include <gtest/gtest.h>

#include "core/api/problem.h"

namespace stoker::api {
namespace {

struct Taken {
  std::string content, rest;
  bool whole = false;
};

Taken take(std::string_view wire, size_t piece, int64_t cap = 1000) {
  Chunks chunks(cap);
  Taken taken;
  while (!wire.empty() && !chunks.whole()) {
    const auto step = chunks.take(wire.substr(0, piece), piece);
    taken.content += step.content;
    wire.remove_prefix(step.taken);
  }
  taken.rest = wire;
  taken.whole = chunks.whole();
  return taken;
}

std::string refusal_of(std::string_view wire, int64_t cap = 1000) {
  std::string told;
  for (const size_t piece : {wire.size(), size_t{1}}) {
    try {
      take(wire, piece, cap);
      return "none";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::invalid);
      EXPECT_TRUE(told.empty() || told == error.what());
      told = error.what();
    }
  }
  return told;
}

TEST(ChunksTest, GiveTheContentHoweverTheWireIsCut) {
  const std::string_view wire =
      "5\r\nhello\r\n00a;name=\"v\"\r\n, \r\n0\r\nabc\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\nGET /";
  for (size_t piece = 1; piece <= wire.size(); ++piece) {
    const Taken taken = take(wire, piece);
    EXPECT_EQ(taken.content, "hello, \r\n0\r\nabc");
    EXPECT_TRUE(taken.whole);
    EXPECT_EQ(taken.rest, "GET /");
  }
  EXPECT_FALSE(take("5\r\nhello\r\n0\r\n", 99).whole);
  EXPECT_TRUE(take("0\r\n\r\n", 99).whole);
}

TEST(ChunksTest, RefuseWhatTwoReadersCouldTakeInTwoWays) {
  const std::string no_number = "the chunked body has a chunk size that is no hexadecimal number";
  for (const char* size : {"", " 5", "5 ", "+5", "-1", "0x5", "5_0", "g", "\t5", "5\n"})
    EXPECT_EQ(refusal_of(std::string(size) + "\r\nhello\r\n0\r\n\r\n"), no_number) << size;
  EXPECT_EQ(refusal_of("0000000000000005\r\nhello\r\n0\r\n\r\n"),
            "the chunked body has a chunk size of more than 15 digits");
  EXPECT_EQ(refusal_of("ffffffffffffffff1\r\n"), "the chunked body has a chunk size of more than 15 digits");
  EXPECT_EQ(refusal_of("5\rhello"), "the chunked body has a size line that does not end in CR LF");
  EXPECT_EQ(refusal_of("5;a\nhello"), "the chunked body has a control character in a chunk extension");
  EXPECT_EQ(refusal_of("4\r\nhello\r\n0\r\n\r\n"), "the chunked body has a chunk longer than its size");
  EXPECT_EQ(refusal_of("5\r\nhello\n0\r\n\r\n"), "the chunked body has a chunk longer than its size");
  EXPECT_EQ(refusal_of("5\r\nhello\r0\r\n\r\n"), "the chunked body has a chunk that does not end in CR LF");
  EXPECT_EQ(refusal_of("0\r\nX: 1\n\r\n"), "the chunked body has a trailer line that does not end in CR LF");
  EXPECT_EQ(refusal_of("0\r\n\n"), "the chunked body has a trailer line that does not end in CR LF");
  EXPECT_EQ(refusal_of("0\r\n folded\r\n\r\n"),
            "the chunked body has a bad trailer: a header field is folded over two lines");
  EXPECT_EQ(refusal_of("0\r\nGET / HTTP/1.1\r\n\r\n"),
            "the chunked body has a bad trailer: a header field has no colon");
}

TEST(ChunksTest, BoundWhatIsNotContent) {
  EXPECT_EQ(refusal_of("1;" + std::string(300, 'a') + "\r\nx\r\n0\r\n\r\n"),
            "the chunked body has more than 256 bytes of chunk extensions");
  std::string many;
  for (int i = 0; i < 300; ++i) many += "1;\r\nx\r\n";
  EXPECT_EQ(refusal_of(many), "the chunked body has more than 256 bytes of chunk extensions");
  EXPECT_EQ(refusal_of("0\r\nX: " + std::string(5000, 'a')), "the chunked body has a trailer larger than 4096 bytes");
  many = "0\r\n";
  for (int i = 0; i < 65; ++i) many += "X: 1\r\n";
  EXPECT_EQ(refusal_of(many + "\r\n"), "the chunked body has a bad trailer: more than 64 header fields");
}

TEST(ChunksTest, RefuseALargerBodyAtTheSizeThatTellsIt) {
  EXPECT_EQ(take("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 99, 10).content, "helloworld");
  for (const char* wire : {"b\r\n", "fffffffffffffff\r\n", "5\r\nhello\r\n6\r\n"}) {
    try {
      take(wire, 99, 10);
      ADD_FAILURE() << wire;
    } catch (const TooLarge& error) {
      EXPECT_STREQ(error.what(), "the body is larger than 10 bytes");
    }
  }
}

}  // namespace
}  // namespace stoker::api
