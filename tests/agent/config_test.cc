#include "core/agent/config.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "core/agent/config_file.h"
#include "core/error.h"

namespace stoker::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
namespace fs = std::filesystem;

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stoker-config-XXXXXX";
    home_ = ::mkdtemp(name);
    environment_["HOME"] = home_;
  }
  void TearDown() override { fs::remove_all(home_); }

  void write(const std::string& text) {
    fs::create_directories(home_ / ".config/stoker");
    std::ofstream(home_ / ".config/stoker/config.yaml") << text;
    fs::permissions(home_ / ".config/stoker/config.yaml", fs::perms(0600));
  }

  // "message | hint" of the refusal, with the file's name cut short.
  std::string refusal(const cli::Flags& flags = {}) {
    try {
      (void)load_config(flags, environment_);
      return "no error";
    } catch (const Error& e) {
      std::string text = std::string(e.what()) + (e.hint.empty() ? "" : " | " + e.hint);
      const std::string folder = (home_ / ".config/stoker").string() + "/";
      for (size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
      return text;
    }
  }

  fs::path home_;
  Environment environment_;
};

TEST_F(ConfigTest, has_defaults_without_a_file) {
  const Config config = load_config({}, environment_);
  EXPECT_EQ(config.listen, "127.0.0.1:7465");
  EXPECT_EQ(config.state_dir, home_ / ".local/state/stoker");
  EXPECT_EQ(config.file, home_ / ".config/stoker/config.yaml");
  EXPECT_EQ(config.plugins.front().id, "local");
  EXPECT_FALSE(config.allow_unsafe_plugins);
}

TEST_F(ConfigTest, reads_every_key_of_the_file) {
  write(R"(
listen: 127.0.0.1:0
state_dir: /var/tmp/stoker-state
plugins: [local, {id: aws, sha256: AB34567890123456789012345678901234567890123456789012345678901234}]
plugin_path: [/opt/plugins]
config: {ssh: {host: gpu.example, port: 2222}}
origins: ["http://localhost:5173"]
log_level: debug
http: {endpoints: {api.digitalocean.com: "http://127.0.0.1:4001"}}
allow_unsafe_plugins: true
)");
  const Config config = load_config({}, environment_);
  EXPECT_EQ(config.listen, "127.0.0.1:0");
  EXPECT_EQ(config.state_dir, "/var/tmp/stoker-state");
  ASSERT_EQ(config.plugins.size(), 2U);
  EXPECT_EQ(config.plugins[1].id, "aws");
  EXPECT_EQ(config.plugins[1].sha256.substr(0, 4), "ab34");
  EXPECT_THAT(config.plugin_path, ElementsAre(fs::path("/opt/plugins")));
  EXPECT_THAT(config.plugin_config, ElementsAre(Pair("ssh.host", "gpu.example"), Pair("ssh.port", "2222")));
  EXPECT_THAT(config.origins, ElementsAre("http://localhost:5173"));
  EXPECT_THAT(config.http_endpoints, ElementsAre(Pair("api.digitalocean.com", "http://127.0.0.1:4001")));
  EXPECT_TRUE(config.allow_unsafe_plugins);
}

TEST_F(ConfigTest, flags_win_over_the_environment_and_that_over_the_file) {
  write("listen: 127.0.0.1:1001\nlog_level: warn\nplugin_path: [/a]\n");
  environment_["STOKER_LISTEN"] = "127.0.0.1:1002";
  environment_["STOKER_PLUGIN_PATH"] = "/b::/c";
  cli::Flags flags;
  EXPECT_EQ(load_config(flags, environment_).listen, "127.0.0.1:1002");
  flags.listen = "127.0.0.1:1003";
  const Config config = load_config(flags, environment_);
  EXPECT_EQ(config.listen, "127.0.0.1:1003");
  EXPECT_EQ(config.log_level, "warn");
  EXPECT_THAT(config.plugin_path, ElementsAre(fs::path("/b"), fs::path("/c")));
}

TEST_F(ConfigTest, errors_name_the_line_and_the_way_out) {
  write("listen: 127.0.0.1:1\n\nplugin: [local]\n");
  EXPECT_EQ(refusal(), "config.yaml:3: unknown key `plugin` | did you mean `plugins`?");
  write("plugins: local\n");
  EXPECT_EQ(refusal(), "config.yaml:1: plugins must be a list, not text");
  write("\nlisten: [1, 2]\n");
  EXPECT_EQ(refusal(), "config.yaml:2: listen must be text, not a list");
  write("allow_unsafe_plugins: maybe\n");
  EXPECT_EQ(refusal(), "config.yaml:1: allow_unsafe_plugins must be true or false, not text");
  write("plugins: [{id: aws, sha256: 12}]\n");
  EXPECT_EQ(refusal(), "config.yaml:1: plugins[].sha256 must be 64 hex digits | sha256sum prints it");
  write("plugins: [ssh, local, ssh]\n");
  EXPECT_EQ(refusal(), "config.yaml:1: the plugin `ssh` is listed twice");
  write("http: {endpoint: {}}\n");
  EXPECT_EQ(refusal(), "config.yaml:1: unknown key `http.endpoint` | did you mean `http.endpoints`?");
  write("listen: [a\n");
  EXPECT_THAT(refusal(), HasSubstr("not YAML"));
  write("listen: 0.0.0.0:7465\n");
  EXPECT_THAT(refusal(), HasSubstr("listen: `0.0.0.0` is not the loopback address"));
  write("listen: 127.0.0.1:99999\n");
  EXPECT_THAT(refusal(), HasSubstr("is not host:port"));
  write("log_level: loud\n");
  EXPECT_EQ(refusal(), "log_level: `loud` is unknown | use trace, debug, info, warn or error");
}

TEST_F(ConfigTest, refuses_a_file_that_others_may_change) {
  write("log_level: info\n");
  fs::permissions(home_ / ".config/stoker/config.yaml", fs::perms(0666));
  EXPECT_EQ(refusal(), "config.yaml can be changed by other users | run: chmod 600 config.yaml");
}

TEST_F(ConfigTest, a_file_that_was_asked_for_must_exist) {
  cli::Flags flags;
  flags.config_file = "/nowhere/config.yaml";
  EXPECT_THAT(refusal(flags), HasSubstr("configuration file /nowhere/config.yaml does not exist"));
}

TEST_F(ConfigTest, needs_no_home_when_both_folders_are_named) {
  write("log_level: info\n");
  const fs::path file = home_ / ".config/stoker/config.yaml";
  environment_ = {{"STOKER_CONFIG", file}, {"STOKER_STATE_DIR", "/var/tmp/s"}};
  EXPECT_EQ(load_config({}, environment_).state_dir, "/var/tmp/s");
  environment_.erase("STOKER_STATE_DIR");
  EXPECT_THAT(refusal(), HasSubstr("neither XDG_STATE_HOME nor HOME names a folder"));
}

}  // namespace
}  // namespace stoker::agent
