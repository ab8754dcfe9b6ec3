#include "core/agent/state_dir.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"

namespace stoker::agent {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class StateDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stoker-state-XXXXXX";
    root_ = ::mkdtemp(name);
    folder_ = root_ / "state";
  }
  void TearDown() override { fs::remove_all(root_); }

  static unsigned mode(const fs::path& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  fs::path root_, folder_;
};

TEST_F(StateDirTest, makes_a_private_folder_and_one_token) {
  std::string token;
  {
    const StateDir state(folder_);
    token = state.token();
    EXPECT_EQ(token.size(), 64U);
    EXPECT_EQ(mode(folder_), 0700U);
    EXPECT_EQ(mode(folder_ / "token"), 0600U);
    EXPECT_EQ(mode(folder_ / "lock"), 0600U);
  }
  EXPECT_EQ(StateDir(folder_).token(), token);
}

TEST_F(StateDirTest, a_second_agent_is_told_who_holds_the_folder) {
  const StateDir first(folder_);
  try {
    const StateDir second(folder_);
    FAIL() << "two agents in one folder";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault, Fault::conflict);
    EXPECT_EQ(std::string(e.what()),
              "another agent (pid " + std::to_string(::getpid()) + ") works in " + folder_.string());
    EXPECT_THAT(e.hint, HasSubstr("--state-dir"));
  }
}

TEST_F(StateDirTest, clients_see_the_port_while_the_agent_lives) {
  EXPECT_FALSE(StateDir::client_view(folder_));
  {
    StateDir state(folder_);
    EXPECT_FALSE(StateDir::client_view(folder_));
    state.publish_port(40123);
    const auto view = StateDir::client_view(folder_);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->port, 40123);
    EXPECT_EQ(view->token, state.token());
  }
  EXPECT_FALSE(StateDir::client_view(folder_));
}

// Whoever listens there now is not the agent.
TEST_F(StateDirTest, the_token_is_not_for_the_port_of_an_agent_that_was_killed) {
  {
    const StateDir state(folder_);
  }
  std::ofstream(folder_ / "port") << "4000\n";
  EXPECT_FALSE(StateDir::client_view(folder_));
}

TEST_F(StateDirTest, forgets_the_port_of_an_agent_that_was_killed) {
  {
    const StateDir state(folder_);
  }
  std::ofstream(folder_ / "port") << "4000\n";
  const StateDir state(folder_);
  EXPECT_FALSE(StateDir::client_view(folder_));
}

TEST_F(StateDirTest, refuses_a_folder_or_token_that_others_can_read) {
  {
    const StateDir state(folder_);
  }
  fs::permissions(folder_ / "token", fs::perms(0644));
  EXPECT_THROW(StateDir{folder_}, Error);
  fs::permissions(folder_ / "token", fs::perms(0600));
  fs::permissions(folder_, fs::perms(0755));
  try {
    const StateDir state(folder_);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.fault, Fault::forbidden);
    EXPECT_EQ(e.hint, "run: chmod 700 " + folder_.string());
  }
}

TEST_F(StateDirTest, refuses_a_token_file_with_something_else_in_it) {
  {
    const StateDir state(folder_);
  }
  std::ofstream(folder_ / "token") << "hello\n";
  try {
    const StateDir state(folder_);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("does not hold a token"));
  }
}

}  // namespace
}  // namespace stoker::agent
