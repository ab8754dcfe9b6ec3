// The parser held against real logs and what they are known to say.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

namespace {

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer{};
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
  ::pclose(pipe);
  return out;
}

void expect_agreeing(const std::string& families, int at_least) {
  const std::string logs = STOKER_SOURCE_DIR "/../shared/logs";
  if (!std::filesystem::exists(logs + "/compare.py")) GTEST_SKIP() << "the logs to compare with are not here";
  const std::string said =
      output_of("python3 " + logs + "/compare.py " STOKER_BUILD_DIR "/bin/parse-program " + logs + " " + families);
  const auto line = said.rfind(" logs agree in all fields compared");
  ASSERT_NE(line, std::string::npos) << said;
  const auto begin = said.rfind('\n', line);
  EXPECT_GE(std::stoi(said.substr(begin == std::string::npos ? 0 : begin + 1)), at_least) << said;
}

// Two of the 18 logs expect a NaN as text, which events carry as null.
TEST(Compare, Transformers) { expect_agreeing("transformers", 16); }
TEST(Compare, WhatIsBuiltOnTransformers) { expect_agreeing("trl unsloth llamafactory", 15); }
TEST(Compare, Axolotl) { expect_agreeing("axolotl", 10); }
TEST(Compare, Failures) { expect_agreeing("failures", 5); }

}  // namespace
