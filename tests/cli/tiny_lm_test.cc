// The example job does what it promises: it trains.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace stoker::cli {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<double> values(const std::string& log, const std::string& key) {
  std::vector<double> found;
  for (size_t at = 0; (at = log.find("'" + key + "': ", at)) != std::string::npos; ++at)
    found.push_back(std::strtod(log.c_str() + at + key.size() + 4, nullptr));
  return found;
}

TEST(TinyLm, lowers_its_loss_and_leaves_a_model) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "python3 is not installed";
  char name[] = "/tmp/stoker-tiny-lm-XXXXXX";
  const fs::path folder = ::mkdtemp(name);
  const std::string source = STOKER_SOURCE_DIR;
  const std::string command = "cd " + folder.string() + " && SECONDS=3 python3 " + source +
                              "/examples/jobs/tiny-lm/train.py " + source + "/sdk/include/stoker out 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string log;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) log.append(buffer, n);
  const int status = ::pclose(pipe);
  ASSERT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0) << log;
  const auto loss = values(log, "loss");
  ASSERT_GE(loss.size(), 4U) << log;
  EXPECT_LT(loss.back(), loss.front());
  EXPECT_LT(values(log, "eval_loss").back(), 3.6);
  EXPECT_EQ(values(log, "train_loss").size(), 1U);
  EXPECT_THAT(log, HasSubstr("***** Running training *****\n"));
  EXPECT_THAT(log, HasSubstr("\r100%|██████████| "));
  EXPECT_TRUE(fs::exists(folder / "out/model.json"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace stoker::cli
