#include "core/remote/tail_frames.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace stoker::remote {
namespace {

std::string le(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string frame(char type, const std::string& payload) { return type + le(payload.size(), 4) + payload; }

struct Seen {
  std::string text;
  TailFrames frames{
      {.data = [this](int64_t at, std::string_view bytes) { add(std::to_string(at) + ":" + std::string(bytes)); },
       .gap = [this](int64_t from, int64_t to) { add(std::to_string(from) + "-" + std::to_string(to)); },
       .exit = [this](std::string_view json) { add(std::string(json)); }}};
  void add(const std::string& word) { text += word + "|"; }
};

TEST(TailFrames, AnyChunkingGivesTheSame) {
  const std::string stream = frame('D', le(0, 8) + "hello\n") + frame('H', "") + frame('D', le(6, 8)) +
                             frame('G', le(6, 8) + le(9, 8)) + frame('D', le(9, 8) + std::string(300, 'x')) +
                             frame('E', "{\"state\":\"exited\"}");
  const std::string expected = "0:hello\n|6:|6-9|9:" + std::string(300, 'x') + "|{\"state\":\"exited\"}|";
  for (size_t step = 1; step <= stream.size(); ++step) {
    Seen seen;
    for (size_t at = 0; at < stream.size(); at += step) seen.frames.feed(std::string_view(stream).substr(at, step));
    ASSERT_EQ(seen.text, expected) << step;
  }
}

TEST(TailFrames, WhatIsNoFrameIsRefusedByName) {
  const std::pair<std::string, const char*> cases[] = {
      {frame('X', ""), "a frame of type 88"},
      {"D" + le(0xffffffff, 4), "a frame of 4294967295 bytes"},
      {frame('D', "1234567"), "a data frame without its offset"},
      {frame('D', le(UINT64_MAX, 8)), "an offset of 18446744073709551615"},
      {frame('G', le(0, 8) + le((uint64_t{1} << 40) + 1, 8)), "an offset of 1099511627777"},
      {frame('G', "12345678"), "a gap frame of 8 bytes"},
  };
  for (const auto& [bytes, what] : cases) {
    Seen seen;
    try {
      seen.frames.feed(bytes);
      ADD_FAILURE() << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), "the log stream of stoker-runner is malformed: " + std::string(what));
      EXPECT_EQ(error.fault, Fault::unavailable);
    }
  }
}

}  // namespace
}  // namespace stoker::remote
