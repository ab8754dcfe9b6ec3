#include "core/cli/plugin_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/private_file.h"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const fs::path kTemplates = STOKER_SOURCE_DIR "/sdk/template";

class PluginTemplate : public testing::Test {
 protected:
  PluginTemplate() {
    std::string name = fs::temp_directory_path() / "stoker-template-XXXXXX";
    where = ::mkdtemp(name.data());
  }
  ~PluginTemplate() override { fs::remove_all(where); }

  std::string refusal(const std::string& kind, const std::string& name) const {
    try {
      copy_plugin_template(kTemplates, kind, name, where);
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.hint;
    }
    return "none";
  }

  fs::path where;
};

TEST_F(PluginTemplate, IsCopiedUnderItsOwnName) {
  const fs::path folder = copy_plugin_template(kTemplates, "provider", "com.example-gpu", where);
  EXPECT_EQ(folder, where / "com.example-gpu");
  const std::string code = read_file(folder / "com.example-gpu.cc");
  EXPECT_THAT(code, HasSubstr("class ComExampleGpu final : public Provider"));
  EXPECT_THAT(code, HasSubstr("STOKER_PLUGIN(\"com.example-gpu\""));
  EXPECT_THAT(read_file(folder / "CMakeLists.txt"), HasSubstr("ID com.example-gpu SOURCES com.example-gpu.cc"));
  EXPECT_TRUE(fs::exists(folder / "fixtures/cloud.yaml"));
  EXPECT_TRUE(fs::exists(folder / ".gitignore"));
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(read_file(entry.path()), Not(testing::ContainsRegex("[aA]cme"))) << entry.path();
  }
}

TEST_F(PluginTemplate, OfEachKind) {
  copy_plugin_template(kTemplates, "log-parser", "tails", where);
  EXPECT_TRUE(fs::exists(where / "tails/fixtures/logs/short.log"));
  EXPECT_EQ(refusal("cloud", "x"), "there is no template `cloud` | use provider or log-parser");
}

TEST_F(PluginTemplate, OverwritesNothing) {
  fs::create_directory(where / "mine");
  std::ofstream(where / "mine/work") << "a day's work";
  EXPECT_EQ(refusal("provider", "mine"),
            (where / "mine").string() + " is there already | choose another name, or go elsewhere");
  EXPECT_EQ(read_file(where / "mine/work"), "a day's work");
  EXPECT_EQ(std::distance(fs::directory_iterator(where), fs::directory_iterator()), 1) << "nothing half done";
}

TEST_F(PluginTemplate, RefusesWhatCanNotBeAnId) {
  for (const char* name : {"", "Acme", "../up", "a/b", "a..b", "-a", "a-", "9", "a b", "\xff"})
    EXPECT_THAT(refusal("provider", name), HasSubstr("can't be a plugin's id")) << name;
  EXPECT_THAT(refusal("provider", std::string(65, 'a')), HasSubstr("can't be a plugin's id"));
}

TEST_F(PluginTemplate, SaysWhereTheTemplatesShouldBe) {
  try {
    copy_plugin_template("/nowhere", "provider", "x", where);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the templates are not in /nowhere");
    EXPECT_EQ(error.hint, "install Stoker whole: they come with its SDK");
  }
}

TEST_F(PluginTemplate, SaysWhyNothingCanBeWritten) {
  try {
    copy_plugin_template(kTemplates, "provider", "x", where / "missing");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("can not make a folder in " + (where / "missing").string()));
  }
}

}  // namespace
}  // namespace stoker::cli
