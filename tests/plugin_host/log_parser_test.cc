#include "core/plugin_host/log_parser.h"

#include <stdexcept>

#include "tests/plugin_host/plugin_folder.h"

namespace stoker::plugin_host {
namespace {

class LogParserTest : public PluginFolderTest {
 protected:
  LogParserTest() {
    install("lines", own);
    parser = &open(options({"lines"})).log_parser("lines");
  }
  std::string pushed(const std::string& bytes) {
    const auto stream = parser->open(0, "test");
    return failure_of([&] { stream->push(bytes, [](RawEvent&&) {}); });
  }
  std::string breach(const std::string& what) {
    return "internal | lines: push broke the contract of plugins: " + what + " | this is a bug of " +
           (own / "lines.so").string() + "; tell its author, or use another version";
  }
  const LogParser* parser;
};

TEST_F(LogParserTest, EventsAreCopied) {
  std::vector<RawEvent> events;
  const auto keep = [&](RawEvent&& event) { events.push_back(std::move(event)); };
  {
    const auto stream = parser->open(100, "test");
    std::string bytes = "abc\n\nx\xff\n";
    stream->push(bytes, keep);
    bytes.assign(bytes.size(), '?');
    stream->finish(STOKER_FINISH_EOF, keep);
  }
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].kind, STOKER_EVENT_METRIC);
  EXPECT_EQ(events[0].first_byte, 100u);
  EXPECT_EQ(events[0].last_byte, 103u);
  EXPECT_EQ(events[0].name, "line");
  ASSERT_EQ(events[0].fields.size(), 4u);
  EXPECT_EQ(events[0].fields[0], (std::pair<std::string, FieldValue>("length", int64_t{3})));
  EXPECT_EQ(events[0].fields[1].second, FieldValue(1.5));
  EXPECT_EQ(events[0].fields[2].second, FieldValue(std::string("abc")));
  EXPECT_EQ(events[0].fields[3].second, FieldValue(false));
  EXPECT_EQ(events[1].fields[3].second, FieldValue(true));
  EXPECT_EQ(events[2].fields[2].second, FieldValue(std::string("x\xEF\xBF\xBD")));
  EXPECT_EQ(events[3].kind, STOKER_EVENT_PHASE);
  EXPECT_EQ(events[3].name, "done");
}

TEST_F(LogParserTest, DetectStaysInItsRange) {
  EXPECT_EQ(parser->detect("ab"), 40);
  EXPECT_EQ(parser->detect("abcd"), 100);
}

TEST_F(LogParserTest, OpenExplainsItsFailure) {
  EXPECT_EQ(failure_of([&] { (void)parser->open(0, "bad"); }), "invalid | bad source | use another");
}

TEST_F(LogParserTest, BrokenContractsAreNamed) {
  EXPECT_EQ(pushed("!type\n"), breach("event field has a value of unknown type 9"));
  EXPECT_EQ(pushed("!many\n"), breach("an event has more than 1000 fields"));
  EXPECT_EQ(pushed("!null\n"), breach("an event has a number of fields but no fields"));
  EXPECT_EQ(pushed("!flood\n"), breach("it sent more events than the bytes it was given can hold"));
  EXPECT_EQ(pushed("!lost\n"), breach("lines: push failed: unavailable"));
  EXPECT_EQ(pushed(std::string(70'000, 'x') + "\n"), breach("event field has 70000 bytes, over the limit of 65536"));
}

TEST_F(LogParserTest, AfterAFailureTheStreamIsDead) {
  const auto stream = parser->open(0, "test");
  const auto drop = [](RawEvent&&) {};
  EXPECT_NE(failure_of([&] { stream->push("!type\n", drop); }), "nothing was thrown");
  EXPECT_EQ(failure_of([&] { stream->push("fine\n", drop); }),
            "internal | lines: the log stream ended with an earlier failure | open the log anew");
}

TEST_F(LogParserTest, WhatTheReceiverThrowsPassesAroundThePlugin) {
  const auto stream = parser->open(0, "test");
  int seen = 0;
  const auto picky = [&](RawEvent&&) {
    if (++seen == 2) throw std::out_of_range("enough");
  };
  EXPECT_THROW(stream->push("a\nb\nc\n", picky), std::out_of_range);
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace stoker::plugin_host
