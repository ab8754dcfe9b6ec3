#include "core/private_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/error.h"

namespace stoker {
namespace {

class PrivateFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stoker-private-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(PrivateFile, WritesWholeAndPrivate) {
  const auto file = folder_ / "token";
  write_private_file(file, "one");
  write_private_file(file, "two");
  EXPECT_EQ(read_file(file), "two");
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(PrivateFile, MakesFoldersPrivate) {
  ensure_private_folder(folder_ / "a" / "b");
  struct stat info{};
  ASSERT_EQ(::stat((folder_ / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(PrivateFile, RefusesWhatOthersCanRead) {
  const auto open = folder_ / "open";
  ASSERT_EQ(::mkdir(open.c_str(), 0755), 0);
  try {
    ensure_private_folder(open);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.what(), open.string() + " can be read or written by other users");
    EXPECT_EQ(e.hint, "run: chmod 700 " + open.string());
  }
}

TEST_F(PrivateFile, ReadCapsTheSize) {
  write_private_file(folder_ / "big", std::string(100, 'x'));
  EXPECT_THROW((void)read_file(folder_ / "big", 99), Error);
  EXPECT_THROW((void)read_file(folder_ / "absent"), Error);
}

}  // namespace
}  // namespace stoker
