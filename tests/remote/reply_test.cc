#include "core/remote/reply.h"

#include <gtest/gtest.h>

#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::remote {
namespace {

std::string line(const std::string& path, int64_t size = 1, const std::string& hash = "0123456789abcdef") {
  JsonWriter json;
  json.begin_object().member("path", path).member("size", size).member("mtime_ms", 5).member("xxh3", hash);
  return json.end_object().str() + "\n";
}

const std::string kEnd = "{\"files\":1,\"refused\":0}\n";

TEST(Manifest, KeepsSafeNames) {
  size_t refused = 0;
  const auto entries =
      parse_manifest(line("artifacts/model.bin", 7) + line("a b'c\"d") + line("\xc3\xa9") + kEnd, refused);
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].path, "artifacts/model.bin");
  EXPECT_EQ(entries[0].size, 7);
  EXPECT_EQ(entries[0].mtime_ms, 5);
  EXPECT_EQ(entries[0].xxh3, "0123456789abcdef");
  EXPECT_EQ(refused, 0U);
}

TEST(Manifest, LeavesOutAndCountsHostileNames) {
  std::string deep = "a";
  for (int i = 0; i < 16; ++i) deep += "/a";
  const std::string names[] = {"",
                               "/etc/passwd",
                               "..",
                               "../a",
                               "a/../b",
                               "a/..",
                               ".",
                               "./a",
                               "a//b",
                               "a/",
                               "a\nb",
                               "a\tb",
                               "\x1b[2J",
                               "a\x7f",
                               "x.part",
                               deep,
                               std::string(1025, 'a'),
                               std::string(256, 'b'),
                               std::string("a\0b", 3)};
  for (const std::string& name : names) {
    size_t refused = 0;
    EXPECT_TRUE(parse_manifest(line(name) + kEnd, refused).empty()) << name;
    EXPECT_EQ(refused, 1U) << name;
  }
  EXPECT_TRUE(is_safe_path(deep.substr(2)));
}

TEST(Manifest, LeavesOutBrokenLines) {
  for (const std::string& bad : {std::string("nonsense\n"), std::string("[]\n"), std::string("{\"path\":\"\xff\"}\n"),
                                 line("a", -1), line("a", 1, "short"), line("a", 1, "0123456789ABCDEF")}) {
    size_t refused = 0;
    EXPECT_EQ(parse_manifest(bad + line("good") + kEnd, refused).size(), 1U) << bad;
    EXPECT_EQ(refused, 1U) << bad;
  }
}

TEST(Manifest, TakesNoTimeBeforeTheBeginningOfTime) {
  size_t refused = 0;
  const auto entries =
      parse_manifest(R"({"path":"a","size":1,"mtime_ms":-9223372036854775808,"xxh3":"0123456789abcdef"})"
                     "\n" +
                         kEnd,
                     refused);
  EXPECT_EQ(entries.at(0).mtime_ms, 0);
}

TEST(Manifest, CountsWhatTheRunnerLeftOut) {
  size_t refused = 0;
  static_cast<void>(parse_manifest("{\"files\":0,\"refused\":3}\n", refused));
  EXPECT_EQ(refused, 3U);
}

TEST(Manifest, WithoutItsEndIsRefused) {
  size_t refused = 0;
  try {
    static_cast<void>(parse_manifest(line("a"), refused));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "stoker-runner answered what is no whole manifest");
  }
}

TEST(Status, ReadsEveryEnd) {
  const PhaseStatus code = parse_status(R"({"state":"exited","pid":7,"exit":{"code":3},"log_bytes":9,"log_size":10})");
  EXPECT_EQ(code.exit_code, 3);
  EXPECT_EQ(code.exit_signal, std::nullopt);
  EXPECT_EQ(code.log_bytes, 9);
  EXPECT_TRUE(code.ended());
  EXPECT_EQ(parse_status(R"({"state":"exited","exit":{"signal":9}})").exit_signal, 9);
  EXPECT_FALSE(parse_status(R"({"state":"running"})").ended());
}

TEST(Status, RefusesWhatIsNone) {
  const std::string deep(100, '[');
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("{}"), std::string("{\"state\":\"odd\"}"),
        std::string("{\"state\":1}"), deep, "{\"state\":\"lost\",\"log_size\":-1}" + std::string(),
        "{\"state\":\"" + std::string(2 << 20, 'a') + "\"}"})
    EXPECT_THROW(static_cast<void>(parse_status(bad)), Error) << bad.substr(0, 50);
}

}  // namespace
}  // namespace stoker::remote
