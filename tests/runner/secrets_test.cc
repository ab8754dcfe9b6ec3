#include "core/runner/secrets.h"

#include <sys/stat.h>

#include "core/runner/failure.h"
#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

using Secrets = RunnerTest;
using namespace std::string_literals;

TEST_F(Secrets, ReachTheEnvironmentAndNothingElse) {
  const std::string secret = "s3cret-value-4711";
  write_spec("echo train ${#TOKEN} [${EMPTY-unset}]; while [ ! -e go ]; do sleep 0.02; done", "echo setup ${#TOKEN}");
  EXPECT_EQ(run({"secrets"}, "TOKEN=" + secret + "\0EMPTY=\0"s).output, "{\"stored\":2}\n");
  const std::string path = read_text(job_ / "secrets");
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  start("setup");
  wait_for_state("exited", "setup");
  EXPECT_TRUE(std::filesystem::exists(path));
  start();
  ASSERT_TRUE(wait_until([&] { return log() == "setup 17\ntrain 17 []\n"; })) << log();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(job_ / "secrets"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
    EXPECT_EQ(read_text(entry.path()).find(secret), std::string::npos) << entry.path();
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    EXPECT_EQ(read_text(entry.path() / "cmdline").find(secret), std::string::npos) << entry.path();
  // Nobody would read them any more.
  EXPECT_EQ(run({"secrets"}, "TOKEN=x\0"s).output, "{\"stored\":0}\n");
  write_text(job_ / "work" / "go", "");
  wait_for_state("exited");
}

TEST_F(Secrets, AreReplacedAndRemovedByStop) {
  write_spec("true");
  run({"secrets"}, "A=1\0"s);
  const std::string first = read_text(job_ / "secrets");
  run({"secrets"}, "A=2\0"s);
  const std::string second = read_text(job_ / "secrets");
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(second));
  EXPECT_EQ(run({"stop"}).output, "{\"stopped\":true}\n");
  EXPECT_FALSE(std::filesystem::exists(second));
}

TEST_F(Secrets, StartRefusesWhenTheyAreGone) {
  write_spec("true");
  run({"secrets"}, "A=1\0"s);
  const std::string path = read_text(job_ / "secrets");
  std::filesystem::remove(path);
  const Ran ran = run({"start", "--phase", "train"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.error, "stoker-runner: the secrets are gone: the machine removed " + path + "; store them again\n");
  EXPECT_EQ(run({"secrets"}, "A=1\0"s).code, 0);
  start();
}

TEST_F(Secrets, AForeignPathIsNeitherReadNorRemoved) {
  write_spec("true");
  const auto other = folder_ / "other";
  write_text(other, "A=1");
  write_text(job_ / "secrets", other.string());
  EXPECT_EQ(run({"stop"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST(SecretsText, RefusalsNameTheNumberOnly) {
  for (const std::string& bytes : {"A=1\0B=2"s, "A=1\0hush\0"s, "A=1\0-hush=1\0"s, "A=1\0=hush\0"s}) {
    try {
      (void)parse_secrets(bytes);
      FAIL() << bytes;
    } catch (const Failure& e) {
      EXPECT_EQ(std::string(e.what()).substr(0, 9), "secret 2 ");
      EXPECT_EQ(std::string(e.what()).find("hush"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace stoker::runner
