#include "core/cli/config_edit.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace stoker::cli {
namespace {

const std::vector<std::string> kDefaults = {"local", "ssh"};

TEST(ConfigEdit, keeps_the_rest_of_the_file) {
  const std::string flow = "# mine\nlisten: 127.0.0.1:1 # why\nplugins: [local, ssh] # both\nlog_level: warn\n";
  const std::string more = "# mine\nlisten: 127.0.0.1:1 # why\nplugins: [local, ssh, aws] # both\nlog_level: warn\n";
  EXPECT_EQ(enable_in_config(flow, "aws", kDefaults), more);
  EXPECT_EQ(disable_in_config(more, "aws", kDefaults), flow);
  EXPECT_EQ(enable_in_config(flow, "ssh", kDefaults), flow);
  EXPECT_EQ(disable_in_config("plugins: [local, ssh]\n", "local", kDefaults), "plugins: [ssh]\n");
  EXPECT_EQ(disable_in_config("plugins: [local]\n", "local", kDefaults), "plugins: []\n");
  EXPECT_EQ(enable_in_config("plugins: []\n", "local", kDefaults), "plugins: [local]\n");
}

TEST(ConfigEdit, knows_block_lists_and_pinned_entries) {
  const std::string hash(64, 'a');
  const std::string block = "plugins:\n  - local\n  - id: aws\n    sha256: " + hash + "\n# end\nlog_level: info\n";
  EXPECT_EQ(enable_in_config(block, "ssh", kDefaults),
            "plugins:\n  - local\n  - id: aws\n    sha256: " + hash + "\n  - ssh\n# end\nlog_level: info\n");
  EXPECT_EQ(disable_in_config(block, "aws", kDefaults), "plugins:\n  - local\n# end\nlog_level: info\n");
  EXPECT_EQ(disable_in_config("plugins: [{id: aws, sha256: " + hash + "}, ssh]\n", "aws", kDefaults),
            "plugins: [ssh]\n");
  EXPECT_EQ(disable_in_config("plugins:\n- local\n", "local", kDefaults), "plugins: []\n");
}

TEST(ConfigEdit, writes_the_defaults_out_when_the_key_is_absent) {
  EXPECT_EQ(enable_in_config("", "aws", kDefaults), "plugins: [local, ssh, aws]\n");
  EXPECT_EQ(disable_in_config("log_level: info", "ssh", kDefaults), "log_level: info\nplugins: [local]\n");
}

TEST(ConfigEdit, leaves_what_it_does_not_understand_to_its_owner) {
  try {
    (void)enable_in_config("plugins: [local,\n  ssh]\n", "aws", kDefaults);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "the list `plugins` is written in a way that can't be changed from here");
  }
}

}  // namespace
}  // namespace stoker::cli
