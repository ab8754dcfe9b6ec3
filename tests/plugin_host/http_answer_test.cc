// Servers that break off, lie about lengths, or send what is no HTTP.
#include "tests/plugin_host/http_case.h"

namespace stoker::plugin_host {
namespace {

using HttpAnswerTest = HttpCase<SkippingClock>;

const std::string kHere = "https://api.acme.example/v1/offers: ";
const std::string kDoubt = "; whether the request was carried out is not known";

std::string head(const std::string& headers) { return "HTTP/1.1 200 OK\r\n" + headers + "\r\n"; }

// What is said where the server sends `bytes` and closes.
class HttpBadAnswerTest : public HttpAnswerTest {
 protected:
  std::string message(const std::string& bytes,
                      Ask ask = {.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x"}) {
    serve([bytes](Peer& peer) {
      peer.read_request();
      peer.write(bytes);
    });
    link.http.reset();
    const Got got = send(ask);
    EXPECT_EQ(got.result, STOKER_E_UNKNOWN_OUTCOME);
    EXPECT_EQ(got.sinks, 0);
    EXPECT_EQ(server->connections(), 1);
    std::string said = got.message;
    EXPECT_TRUE(said.starts_with("POST " + kHere) && said.ends_with(kDoubt)) << said;
    return said.substr(5 + kHere.size(), said.size() - 5 - kHere.size() - kDoubt.size());
  }
  std::string unreadable(const std::string& bytes) {
    const std::string said = message(bytes);
    const std::string begin = "its answer can not be read: ";
    EXPECT_TRUE(said.starts_with(begin)) << said;
    return said.substr(begin.size());
  }
};

TEST_F(HttpBadAnswerTest, AnEndIsToldFromAShortAnswer) {
  EXPECT_EQ(message(""), "the connection was closed before an answer came");
  EXPECT_EQ(unreadable("HTTP/1.1 200 OK\r\nX: "), "it ends amid its head");
  EXPECT_EQ(unreadable(head("Content-Length: 10\r\n")), "it ends after 0 of 10 bytes");
  EXPECT_EQ(unreadable(head("Content-Length: 10\r\n") + "12345"), "it ends after 5 of 10 bytes");
  for (const std::string cut : {"", "5", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n"})
    EXPECT_EQ(unreadable(head("Transfer-Encoding: chunked\r\n") + cut), "it ends amid its chunks") << cut;
}

TEST_F(HttpBadAnswerTest, WhatIsNoHttp) {
  EXPECT_EQ(unreadable("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n"), "its first line is not that of HTTP/1.1");
  EXPECT_EQ(unreadable(std::string(70'000, 'x')), "its head is longer than 65536 bytes");
  EXPECT_EQ(unreadable(head("no header\r\n")), "a header line has no proper name");
  EXPECT_EQ(unreadable(head("Content-Length: 2\r\nContent-Length: 3\r\n") + "ok"), "it has two lengths that differ");
  EXPECT_EQ(unreadable(head("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n"),
            "a chunk is said to be larger than 4 GiB");
  EXPECT_EQ(unreadable(head("Transfer-Encoding: identity\r\n") + "ok"), "its Transfer-Encoding is not chunked");
  EXPECT_EQ(unreadable(head("Content-Encoding: br\r\nContent-Length: 2\r\n") + "ok"),
            "it is in an encoding that was not asked for");
  EXPECT_EQ(unreadable("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "it changes to another protocol");
  std::string interim;
  for (int i = 0; i < 11; ++i) interim += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(unreadable(interim), "it has too many heads");
}

TEST_F(HttpBadAnswerTest, TheServersWordsAreNotRepeated) {
  for (const std::string& bytes : {std::string(kToken) + "\r\n\r\n", head(std::string(kToken) + "\r\n"),
                                   head("Content-Length: " + std::string(kToken) + "\r\n"),
                                   head("Transfer-Encoding: chunked\r\n") + kToken + "\r\n"})
    EXPECT_EQ(message(bytes).find(kToken), std::string::npos);
  EXPECT_EQ(logged().find(kToken), std::string::npos);
}

TEST_F(HttpBadAnswerTest, AnAnswerHasItsLimit) {
  const std::string megabytes(10 << 20, 'x');
  EXPECT_EQ(message(answer(200, megabytes)), "its answer has 10485760 bytes or more, over the limit of 8388608");
  const Ask small{.method = "POST", .retry = STOKER_RETRY_NEVER, .body = "x", .max_response_bytes = 1000};
  EXPECT_THAT(message(head("") + std::string(1001, 'x'), small), testing::HasSubstr(" over the limit of 1000"));
  EXPECT_THAT(message(head("Transfer-Encoding: chunked\r\n") + "500\r\n" + std::string(0x500, 'x'), small),
              testing::HasSubstr(" over the limit of 1000"));
  EXPECT_EQ(message(head("Content-Length: 70000000000\r\n"),
                    {.method = "POST", .retry = 1, .max_response_bytes = 1ull << 40}),
            "its answer has 70000000000 bytes or more, over the limit of 67108864");
}

TEST_F(HttpAnswerTest, WithinALargerLimitItIsWhole) {
  std::string megabytes(10 << 20, 'x');
  megabytes.back() = 'y';
  serve(answering({answer(200, megabytes)}));
  const Got got = send({.max_response_bytes = 10 << 20});
  EXPECT_EQ(got.result, STOKER_OK) << got.words();
  EXPECT_TRUE(got.body == megabytes);
}

// head -c 100M /dev/zero | gzip -9: a hundred kilobytes. Here by hand: a stored header, then one block that says 258
// zeros again and again.
std::string bomb(size_t bytes) {
  // Fixed Huffman codes, bit by bit: the literal 0, then lengths of 258 at distance 1, then the end of the block.
  std::string bits =
      "110"
      "00110000";
  for (size_t i = 0; i < bytes / 258; ++i)
    bits +=
        "11000101"
        "00000";
  bits += "0000000";
  while (bits.size() % 8 != 0) bits += '0';
  std::string packed("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  for (size_t i = 0; i < bits.size(); i += 8) {
    unsigned char byte = 0;
    for (size_t bit = 0; bit < 8; ++bit) byte = static_cast<unsigned char>(byte | (bits[i + bit] - '0') << bit);
    packed += static_cast<char>(byte);
  }
  return packed + std::string(8, '\0');
}

TEST_F(HttpAnswerTest, ACompressedAnswerCountsAsWhatItBecomes) {
  serve(answering({answer(200, bomb(100 << 20), "Content-Encoding: gzip\r\n")}));
  const Got got = send({});
  EXPECT_EQ(got.words(),
            "unavailable | GET " + kHere +
                "its answer has 8388609 bytes or more, over the limit of 8388608 | the plugin has to ask for "
                "less at once, or to allow more");
  EXPECT_EQ(server->connections(), 1) << "it would be so again";
}

TEST_F(HttpAnswerTest, WhatIsIdempotentHasNotHappened) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.reset();
  });
  const Got got = send({});
  EXPECT_EQ(got.result, STOKER_E_UNAVAILABLE);
  EXPECT_EQ(got.message, "GET " + kHere + "waiting for the answer: Connection reset by peer");
  EXPECT_EQ(server->connections(), 5);
}

TEST_F(HttpAnswerTest, AResetAfterTheHeadIsNoAnswer) {
  serve([](Peer& peer) {
    peer.read_request();
    peer.write(head("Content-Length: 10\r\n"));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    peer.reset();
  });
  const Got got = send({.method = "DELETE", .retry = STOKER_RETRY_NEVER});
  EXPECT_EQ(got.result, STOKER_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(got.message, "DELETE " + kHere + "reading the answer: Connection reset by peer" + kDoubt);
}

TEST_F(HttpAnswerTest, AnAnswerBeforeAllOfTheBodyWasSentCounts) {
  serve([](Peer& peer) {
    peer.read_some();
    peer.write(answer(413, "too much"));
  });
  const Got got = send({.method = "POST", .retry = STOKER_RETRY_NEVER, .body = std::string(30 << 20, 'x')});
  EXPECT_EQ(got.status, 413) << got.words();
  EXPECT_EQ(got.body, "too much");
}

TEST_F(HttpAnswerTest, AHeadHasNoBody) {
  serve(answering({"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Encoding: gzip\r\n\r\n"}));
  const Got got = send({.method = "HEAD"});
  EXPECT_EQ(got.status, 200) << got.words();
  EXPECT_EQ(got.header("Content-Length"), "5000");
  EXPECT_EQ(send({.method = "HEAD"}).status, 200);
  EXPECT_EQ(server->connections(), 1);
}

}  // namespace
}  // namespace stoker::plugin_host
