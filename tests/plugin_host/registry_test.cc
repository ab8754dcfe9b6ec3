#include "core/plugin_host/registry.h"

#include <chrono>

#include "tests/plugin_host/plugin_folder.h"

namespace stoker::plugin_host {
namespace {

class RegistryTest : public PluginFolderTest {
 protected:
  std::string configured(std::vector<std::pair<std::string, std::string>> config) {
    RegistryOptions with = options({"scripted"});
    with.config = std::move(config);
    open(std::move(with));
    return failure_of([&] { (void)registry->make("scripted", {}, {}); });
  }
};

TEST_F(RegistryTest, ListsTheEnabledFirstThenTheRest) {
  install("lines", own);
  install("scripted", bundled);
  install("magic", bundled);
  write(bundled / "README.txt", "no plugin");
  RegistryOptions with = options({"lines"});
  with.folders.push_back(root / "absent");
  open(with);
  const auto& list = registry->list();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].id, "lines");
  EXPECT_EQ(list[0].name, "Lines");
  EXPECT_EQ(list[0].summary, "an event a line");
  EXPECT_EQ(list[0].version, "1.0.0");
  EXPECT_EQ(list[0].abi, "1.0");
  EXPECT_EQ(list[0].kind, PluginKind::log_parser);
  EXPECT_EQ(list[0].reason, "");
  EXPECT_EQ(list[1].id, "magic");
  EXPECT_EQ(list[1].reason, "not enabled; run: stoker plugins enable magic");
  EXPECT_EQ(list[2].id, "scripted");
  EXPECT_FALSE(list[2].enabled);
  EXPECT_EQ(list[2].path, bundled / "scripted.so");
  EXPECT_EQ(list[2].kind, PluginKind::unknown);
}

TEST_F(RegistryTest, AnUnknownIdNamesTheWayOut) {
  install("lines", own);
  install("scripted", own);
  install("magic", own);
  RegistryOptions with = options({"lines", "scripted"});
  with.config = {{"scripted.region", "north"}};
  Registry& all = open(with);
  EXPECT_EQ(failure_of([&] { (void)all.provider("magic"); }),
            "unsupported | the plugin magic is not enabled | run: stoker plugins enable magic");
  EXPECT_EQ(failure_of([&] { (void)all.provider("scriptd"); }),
            "unsupported | no provider scriptd is known | did you mean scripted?");
  EXPECT_EQ(failure_of([&] { (void)all.provider("zzzzzzzzz"); }),
            "unsupported | no provider zzzzzzzzz is known | known are scripted");
  EXPECT_EQ(failure_of([&] { (void)all.provider("lines"); }),
            "unsupported | the plugin lines is not a provider | name one that is");
  EXPECT_EQ(failure_of([&] { all.log_parser("scripted"); }),
            "unsupported | the plugin scripted is not a log parser | name one that is");
  EXPECT_EQ(failure_of([&] { (void)all.setup("lines"); }),
            "unsupported | the plugin lines is not a provider | name one that is");
  EXPECT_EQ(all.provider_ids(), std::vector<std::string>{"scripted"});
}

TEST_F(RegistryTest, ConfigurationIsCheckedAgainstTheSchema) {
  install("scripted", own);
  EXPECT_EQ(configured({}),
            "invalid | the configuration lacks scripted.region (Region) | set it, for example to north");
  EXPECT_TRUE(status("scripted").loaded) << "set-up needs a plugin that is not configured yet";
  EXPECT_EQ(configured({{"scripted.regoin", "north"}}),
            "invalid | the configuration has scripted.regoin, which the plugin does not know | did you mean "
            "scripted.region?");
  EXPECT_EQ(configured({{"scripted.region", "north"}, {"scripted.quux", "1"}}),
            "invalid | the configuration has scripted.quux, which the plugin does not know | remove it");
  EXPECT_EQ(
      configured({{"scripted.region", "west"}}),
      "invalid | the configuration of scripted.region is \"west\", which is not one of north, south | set it to one of "
      "north, south");
  EXPECT_EQ(configured({{"scripted.region", "north"}, {"scripted.disk_gb", "12x"}}),
            "invalid | the configuration of scripted.disk_gb is \"12x\", which is not a whole number | set it to a "
            "whole number");
  EXPECT_EQ(
      configured({{"scripted.region", "north"}, {"scripted.ipv6", "yes"}}),
      "invalid | the configuration of scripted.ipv6 is \"yes\", which is not true or false | set it to true or false");
  EXPECT_EQ(
      configured(
          {{"scripted.region", "south"}, {"scripted.disk_gb", "12"}, {"scripted.ipv6", "true"}, {"aws.region", "x"}}),
      "nothing was thrown");
}

TEST_F(RegistryTest, SetupRowsComeInOrder) {
  install("scripted", own);
  const auto& rows = open(options({"scripted"})).setup("scripted").fields;
  ASSERT_EQ(rows.size(), 11u);
  EXPECT_EQ(rows[0].key, "token");
  EXPECT_EQ(rows[0].kind, STOKER_FIELD_SECRET);
  EXPECT_EQ(rows[1].key, "region");
  EXPECT_EQ(rows[1].label, "Region");
  ASSERT_EQ(rows[1].choices.size(), 2u);
  EXPECT_EQ(rows[1].choices[1].value, "south");
  EXPECT_EQ(rows[1].choices[1].label, "The south");
  EXPECT_EQ(rows.back().key, "make");
}

TEST_F(RegistryTest, WhatAsksForACredentialExistsOnceAnAccount) {
  install("scripted", own);
  RegistryOptions with = options({"scripted"});
  with.config = {{"scripted.region", "south"}};
  Registry& all = open(with);
  EXPECT_TRUE(all.setup("scripted").needs_account());
  EXPECT_EQ(failure_of([&] { (void)all.provider("scripted"); }),
            "unsupported | no account of scripted is connected | run: stoker accounts add scripted");
  EXPECT_NE(all.make("scripted", {}, {}), nullptr) << "the configuration holds what all accounts share";
  EXPECT_EQ(
      failure_of([&] { (void)all.make("scripted", {{"region", "east"}}, {}); }),
      "invalid | the configuration of scripted.region is \"east\", which is not one of north, south | set it to one of "
      "north, south");
}

TEST_F(RegistryTest, AFailedMakeIsExplained) {
  install("scripted", own);
  EXPECT_EQ(configured({{"scripted.region", "north"}, {"scripted.make", "fail:6"}}),
            "auth | the cloud said no to secret-token | ask it nicely");
}

TEST_F(RegistryTest, ManyPluginsAreReadyWithin100Ms) {
  std::vector<std::string> ids = {"scripted", "lines", "local_system", "marks_loading", "throwing"};
  for (const std::string& id : ids) install(id, bundled);
  const auto before = std::chrono::steady_clock::now();
  open(options(ids));
  const auto took = std::chrono::steady_clock::now() - before;
  for (const std::string& id : ids) EXPECT_TRUE(status(id).loaded) << status(id).reason;
  RecordProperty("microseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  EXPECT_LT(took, std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace stoker::plugin_host
