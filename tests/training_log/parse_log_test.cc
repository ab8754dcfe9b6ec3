#include "core/training_log/parse_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace stoker::training_log {
namespace {

// A phase for every line "phase NAME".
class Phases final : public plugin_host::LogParser {
 public:
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] int detect(std::string_view head) const override { return head.starts_with("phase ") ? 90 : 0; }
  [[nodiscard]] std::unique_ptr<plugin_host::LogStream> open(uint64_t, const std::string&) const override {
    return std::make_unique<Stream>();
  }

 private:
  class Stream final : public plugin_host::LogStream {
    void push(std::string_view bytes, const Sink& sink) override {
      for (const char c : bytes) {
        if (c != '\n') {
          line_ += c;
          continue;
        }
        plugin_host::RawEvent raw;
        raw.kind = STOKER_EVENT_PHASE;
        raw.name = line_.substr(6);
        sink(std::move(raw));
        line_.clear();
      }
    }
    void finish(int32_t, const Sink&) override {}
    std::string line_;
  };
  std::string id_ = "phases";
};

class ParseLog : public ::testing::Test {
 protected:
  ~ParseLog() override { ::close(fd_); }
  std::vector<std::string> parse(const std::string& log, const std::string& parser) {
    EXPECT_EQ(::write(fd_, log.data(), log.size()), static_cast<ssize_t>(log.size()));
    ::lseek(fd_, 0, SEEK_SET);
    std::vector<std::string> lines;
    const auto events = parse_log({&phases_}, parser, fd_, 5, [&](std::string_view line) { lines.emplace_back(line); });
    EXPECT_EQ(events, lines.size());
    return lines;
  }

  Phases phases_;
  int fd_ = ::memfd_create("log", MFD_CLOEXEC);
};

TEST_F(ParseLog, PrintsAnObjectAnEvent) {
  EXPECT_EQ(parse("phase train\nphase done\n", "auto"),
            (std::vector<std::string>{R"({"event":"phase","t":5,"name":"train"})",
                                      R"({"event":"phase","t":5,"name":"done"})"}));
}

TEST_F(ParseLog, ReadsALogLongerThanItsBuffer) {
  std::string log;
  for (int i = 0; i < 100'000; ++i) log += "phase p\n";
  EXPECT_EQ(parse(log, "phases").size(), 100'000u);
}

TEST_F(ParseLog, WithoutAParserOnlyDiagnoses) {
  const auto events = parse("phase train\nKilled\n", "none");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(events[0].starts_with(R"({"event":"diagnosis","t":5,"kind":"killed")")) << events[0];
  EXPECT_EQ(events[1], R"({"event":"phase","t":5,"name":"failed"})");
}

TEST_F(ParseLog, RefusesAnUnknownParser) {
  try {
    parse("x\n", "fases");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "there is no log parser \"fases\"");
    EXPECT_EQ(error.hint, "known parsers: phases");
  }
}

TEST_F(ParseLog, SaysWhenNoParserFits) {
  try {
    parse("x\n", "auto");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no log parser knows the format of this log");
    EXPECT_EQ(error.fault, Fault::invalid);
  }
}

}  // namespace
}  // namespace stoker::training_log
