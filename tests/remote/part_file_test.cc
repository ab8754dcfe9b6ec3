#include "core/remote/part_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "core/error.h"

namespace stoker::remote {
namespace {

class PartFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stoker-part-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(PartFileTest, RefusesWhatTheDiskCanNotHold) {
  const std::filesystem::path file = folder_ / "model.bin";
  try {
    const PartFile part(file, int64_t{1} << 62);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "the disk has no room for the 4611686018427387904 bytes of " + file.string() + ".part");
    EXPECT_EQ(error.fault, Fault::unavailable);
  }
}

TEST_F(PartFileTest, TakesNoMoreThanWasAnnounced) {
  PartFile part(folder_ / "a", 3);
  EXPECT_TRUE(part.append("ab"));
  EXPECT_FALSE(part.append("cd"));
  EXPECT_EQ(part.size(), 2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a"));
}

TEST_F(PartFileTest, FollowsNoSymlink) {
  std::ofstream(folder_ / "mine") << "precious";
  std::filesystem::create_symlink(folder_ / "mine", folder_ / "a.part");
  EXPECT_THROW(PartFile(folder_ / "a", 3), Error);
  std::ifstream in(folder_ / "mine");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "precious");
}

}  // namespace
}  // namespace stoker::remote
