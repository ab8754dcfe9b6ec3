#include "core/runner/receive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/runner/digest.h"
#include "core/runner/protocol.h"
#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

using namespace std::string_literals;

std::string le(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

uint64_t digest_of(const std::string& text) {
  Digest digest;
  digest.add(text);
  return digest.value();
}

std::string head(const std::string& path, uint64_t size, uint64_t offset = 0, uint32_t mode = 0644) {
  return le(kFrameFile, 1) + le(path.size(), 2) + path + le(mode, 4) + le(size, 8) + le(offset, 8);
}

std::string frame(const std::string& path, const std::string& content, uint64_t offset = 0, uint32_t mode = 0644) {
  return head(path, content.size(), offset, mode) + content.substr(offset) + le(digest_of(content), 8);
}

const std::string kMagic = kReceiveMagic;
const std::string kEnd(1, '\0');

class Receive : public RunnerTest {
 protected:
  void SetUp() override {
    RunnerTest::SetUp();
    root_ = job_ / "work";
  }
  Ran receive(const std::string& frames) {
    return Child({program(), "receive", "--root", root_.string()}).finish(kMagic + frames + kEnd);
  }
  std::string have(const std::string& paths) {
    return Child({program(), "have", "--root", root_.string()}).finish(paths).output;
  }
  std::filesystem::path root_;
};

TEST_F(Receive, PutsFilesInPlacePrivately) {
  const Ran ran = receive(frame("a.txt", "alpha") + frame("d/e/run.sh", "#!/bin/sh\n", 0, 0755) + frame("empty", ""));
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_EQ(ran.output, "{\"files\":3,\"bytes\":15}\n");
  EXPECT_EQ(read_text(root_ / "a.txt"), "alpha");
  struct stat info{};
  ASSERT_EQ(::stat((root_ / "d/e/run.sh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((root_ / "d/e").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(
      have("a.txt\0none\0empty\0"s),
      "{\"path\":\"a.txt\",\"size\":5,\"xxh3\":\"" + hex(digest_of("alpha")) +
          "\",\"partial\":false}\n{\"path\":\"empty\",\"size\":0,\"xxh3\":\"2d06800538d394c2\",\"partial\":false}\n");
}

TEST_F(Receive, ResumesWhatCameInPart) {
  std::string content(3'000'000, 'x');
  for (size_t i = 0; i < content.size(); i += 7) content[i] = static_cast<char>(i);
  const std::string cut = (kMagic + frame("big", content)).substr(0, 1'000'100);
  const Ran broken = Child({program(), "receive", "--root", root_.string()}).finish(cut);
  EXPECT_EQ(broken.code, 1);
  EXPECT_EQ(broken.error, "stoker-runner: receive: the input ended within a file\n");
  const std::string part = have("big\0"s);
  const auto size = static_cast<uint64_t>(number(part, "size"));
  EXPECT_NE(part.find("\"partial\":true"), std::string::npos) << part;
  EXPECT_NE(part.find(hex(digest_of(content.substr(0, size)))), std::string::npos);
  EXPECT_GT(size, 900'000u);
  EXPECT_EQ(receive(frame("big", content, content.size())).code, 1) << "an offset beyond the part";
  EXPECT_EQ(receive(frame("big", content, size - 10)).output,
            "{\"files\":1,\"bytes\":" + std::to_string(content.size() - size + 10) + "}\n");
  EXPECT_TRUE(read_text(root_ / "big") == content);
  EXPECT_FALSE(std::filesystem::exists(root_ / "big.part"));
}

TEST_F(Receive, RemovesWhatDoesNotFitItsHash) {
  std::string bad = frame("good", "one") + frame("bad", "two");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  const Ran ran = receive(bad);
  EXPECT_EQ(ran.code, kExitHash);
  EXPECT_EQ(ran.error, "stoker-runner: hash of bad does not fit\n");
  EXPECT_TRUE(std::filesystem::exists(root_ / "good"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "bad"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "bad.part"));
}

TEST_F(Receive, RefusesPathsThatCouldLeave) {
  const std::vector<std::string> paths = {"../x",
                                          "/abs",
                                          "a//b",
                                          "a/../../x",
                                          "a/./b",
                                          "a/",
                                          ".",
                                          "..",
                                          "",
                                          "nul\0x"s,
                                          "tab\tx",
                                          std::string(300, 'n'),
                                          std::string(1100, 'p'),
                                          "bad\xff",
                                          "x.part",
                                          "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"};
  for (const auto& path : paths) {
    const Ran ran = receive(frame(path, "evil"));
    EXPECT_EQ(ran.code, kExitUnsafePath) << path << ran.error;
    EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1);
    EXPECT_TRUE(std::filesystem::is_empty(root_)) << path;
  }
  EXPECT_EQ(receive(frame("../x", "evil")).error,
            "stoker-runner: refused component that leaves the folder: \"../x\"\n");
}

TEST_F(Receive, FollowsNoSymlink) {
  const auto outside = folder_ / "outside";
  std::filesystem::create_directories(outside);
  std::filesystem::create_directories(root_);
  write_text(outside / "file", "keep");
  std::filesystem::create_directory_symlink(outside, root_ / "link");
  std::filesystem::create_symlink(outside / "file", root_ / "f.part");
  EXPECT_EQ(receive(frame("link/x", "evil")).code, kExitUnsafePath);
  EXPECT_EQ(receive(frame("link/d/x", "evil")).code, kExitUnsafePath);
  EXPECT_EQ(receive(frame("f", "evil")).code, kExitUnsafePath);
  EXPECT_EQ(read_text(outside / "file"), "keep");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside), {}), 1);
  EXPECT_EQ(have("link/file\0"s), "");
}

TEST_F(Receive, TheWalkIsAsStrictAsTheKernel) {
  std::filesystem::create_directories(root_ / "d");
  std::filesystem::create_directory_symlink(folder_, root_ / "link");
  write_text(root_ / "d" / "f", "x");
  const Descriptor root = open_root(root_.string());
  for (const auto how : {Beneath::Resolve::kKernel, Beneath::Resolve::kWalk}) {
    const Beneath beneath(root.get(), how);
    EXPECT_TRUE(beneath.open("d/f", O_RDONLY));
    EXPECT_FALSE(beneath.open("link/jobs", O_RDONLY));
    EXPECT_FALSE(beneath.open("link", O_RDONLY));
    EXPECT_TRUE(beneath.open_parent("d/new/deep/f"));
    EXPECT_THROW((void)beneath.open_parent("link/f"), std::exception);
    EXPECT_THROW((void)beneath.open_parent("d/f/g"), std::exception);
  }
}

TEST_F(Receive, RefusesWhatIsNoStream) {
  const auto raw = [&](const std::string& bytes) {
    return Child({program(), "receive", "--root", root_.string()}).finish(bytes);
  };
  EXPECT_EQ(raw("").error, "stoker-runner: receive: the input ended within a frame\n");
  EXPECT_EQ(raw("GET / HTTP/1.1").error, "stoker-runner: receive: not our stream\n");
  EXPECT_EQ(raw(kMagic + "\7").error, "stoker-runner: receive: unknown frame type 7\n");
  EXPECT_EQ(raw(kMagic + head("f", 1, 0, 04755)).error, "stoker-runner: receive: unknown mode for f\n");
  EXPECT_EQ(raw(kMagic + head("f", 1, 2)).error, "stoker-runner: receive: impossible size or offset for f\n");
  EXPECT_EQ(raw(kMagic + head("f", UINT64_MAX)).error, "stoker-runner: receive: impossible size or offset for f\n");
}

TEST_F(Receive, SaysThatTheDiskIsFull) {
  std::filesystem::create_directories(root_);
  // A mount of its own, gone with the child that made it.
  const std::string command = "mount -t tmpfs -o size=1m none " + root_.string() + " 2>/dev/null || exit 99; " +
                              program() + " receive --root " + root_.string();
  if (::geteuid() != 0 ||
      Child({"/usr/bin/unshare", "-m", "/bin/sh", "-c", "mount -t tmpfs none " + root_.string()}).finish().code != 0)
    GTEST_SKIP() << "needs root and a private mount namespace";
  for (const size_t size : {size_t{900'000}, size_t{8'000'000}}) {
    const std::string content(size, 'x');
    const Ran ran = Child({"/usr/bin/unshare", "-m", "/bin/sh", "-c", command})
                        .finish(kMagic + frame("one", content) + frame("two", content) + kEnd);
    EXPECT_EQ(ran.code, kExitDiskFull);
    EXPECT_EQ(ran.error, std::string("stoker-runner: write ") + (size < 1'000'000 ? "two" : "one") +
                             ": No space left on device\n");
  }
}

TEST_F(Receive, RunsOnAarch64) {
  const std::string emulator = "/usr/bin/qemu-aarch64-static";
  const std::string other = STOKER_BUILD_DIR "/lib/stoker/runner/stoker-runner-aarch64";
  if (!std::filesystem::exists(emulator) || !std::filesystem::exists(other))
    GTEST_SKIP() << "needs qemu-aarch64-static and the cross-built runner";
  EXPECT_EQ(Child({emulator, other, "version"}).finish().output,
            "{\"runner\":\"0.1.0\",\"protocol\":1,\"arch\":\"aarch64\"}\n");
  const Ran ran =
      Child({emulator, other, "receive", "--root", root_.string()}).finish(kMagic + frame("d/f", "across") + kEnd);
  EXPECT_EQ(ran.output, "{\"files\":1,\"bytes\":6}\n") << ran.error;
  EXPECT_EQ(read_text(root_ / "d" / "f"), "across");
}

}  // namespace
}  // namespace stoker::runner
