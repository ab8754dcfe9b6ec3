#include <sys/stat.h>

#include <algorithm>

#include "core/runner/protocol.h"
#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

using namespace std::string_literals;

class Manifest : public RunnerTest {
 protected:
  void SetUp() override {
    RunnerTest::SetUp();
    std::filesystem::create_directories(job_ / "artifacts" / "model");
    std::filesystem::create_directories(job_ / "work" / "out" / "deep");
    write_text(job_ / "artifacts" / "model" / "w.bin", "weights");
    write_text(job_ / "work" / "out" / "a.json", "{}");
    write_text(job_ / "work" / "out" / "deep" / "b.json", "[]");
    write_text(job_ / "work" / "train.txt", "data");
  }
  // The paths of the manifest, joined by spaces; the last line is kept apart.
  std::string paths(const std::string& patterns) {
    const Ran ran = run({"manifest"}, patterns);
    EXPECT_EQ(ran.code, 0) << ran.error;
    std::string found;
    for (size_t at = 0; (at = ran.output.find("\"path\":\"", at)) != std::string::npos;) {
      at += 8;
      found += (found.empty() ? "" : " ") + ran.output.substr(at, ran.output.find('"', at) - at);
    }
    last_ = ran.output.substr(ran.output.rfind('\n', ran.output.size() - 2) + 1);
    return found;
  }
  std::string last_;
};

TEST_F(Manifest, ArtifactsAlwaysAndWorkByPattern) {
  EXPECT_EQ(paths(""), "artifacts/model/w.bin");
  EXPECT_EQ(paths("out/*.json\0"s), "artifacts/model/w.bin out/a.json");
  EXPECT_EQ(paths("**/*.json\0"s), "artifacts/model/w.bin out/a.json out/deep/b.json");
  EXPECT_EQ(paths("out/\0train.???\0"s), "artifacts/model/w.bin out/a.json out/deep/b.json train.txt");
  EXPECT_EQ(last_, "{\"files\":4,\"refused\":0}\n");
  const std::string line = run({"manifest"}).output;
  EXPECT_EQ(number(line, "size"), 7);
  EXPECT_GT(number(line, "mtime_ms"), 1'600'000'000'000);
  EXPECT_EQ(run({"manifest"}, "../x\0"s).code, kExitUnsafePath);
  EXPECT_EQ(run({"manifest"}, "/etc/*\0"s).code, kExitUnsafePath);
}

TEST_F(Manifest, ListsRegularFilesOnly) {
  write_text(folder_ / "outside", "no");
  std::filesystem::create_symlink(folder_ / "outside", job_ / "artifacts" / "link");
  std::filesystem::create_directory_symlink(folder_, job_ / "artifacts" / "up");
  ASSERT_EQ(::mkfifo((job_ / "artifacts" / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(paths(""), "artifacts/model/w.bin");
  EXPECT_EQ(last_, "{\"files\":1,\"refused\":0}\n");
}

TEST_F(Manifest, CountsNamesThatItLeavesOut) {
  write_text(job_ / "artifacts" / "bad\xff", "x");
  write_text(job_ / "artifacts" / "new\nline", "x");
  write_text(job_ / "artifacts" / "quo\"te\\", "x");
  EXPECT_EQ(run({"manifest"}).output.find("\"artifacts/quo\\\"te\\\\\"") != std::string::npos, true);
  paths("");
  EXPECT_EQ(last_, "{\"files\":2,\"refused\":2}\n");
}

TEST_F(Manifest, ArtifactsOfTheWorkingFolderCount) {
  std::filesystem::create_directories(job_ / "work" / "artifacts");
  write_text(job_ / "work" / "artifacts" / "mine", "from work");
  EXPECT_EQ(paths("artifacts/\0"s), "artifacts/mine artifacts/model/w.bin");
  EXPECT_EQ(run({"send", "--path", "artifacts/mine", "--from", "5"}).output, "work");
}

TEST_F(Manifest, SendsFromAnOffset) {
  EXPECT_EQ(run({"send", "--path", "artifacts/model/w.bin", "--from", "3"}).output, "ghts");
  EXPECT_EQ(run({"send", "--path", "train.txt", "--from", "4"}).output, "");
  const Ran beyond = run({"send", "--path", "train.txt", "--from", "5"});
  EXPECT_EQ(beyond.error, "stoker-runner: train.txt has 4 bytes, not 5\n");
  std::filesystem::create_symlink("/etc/passwd", job_ / "work" / "link");
  std::filesystem::create_directory_symlink("/etc", job_ / "work" / "etc");
  for (const char* path : {"../spec.json", "/etc/passwd", "link", "etc/passwd", "out"}) {
    const Ran ran = run({"send", "--path", path, "--from", "0"});
    EXPECT_EQ(ran.code, kExitUnsafePath) << path << ran.error;
    EXPECT_EQ(ran.output, "");
  }
}

}  // namespace
}  // namespace stoker::runner
