// Machines that tell what no honest one would.
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/store/events.h"
#include "tests/simulation/world.h"

namespace stoker::simulation {
namespace {

constexpr char kSpec[] = R"({"name":"sim","provider":"sim","run":"x","outputs":["out/"],"limits":{"max_cost":50}})";

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(HostileMachine, AFileThatIsAFolderTooCostsNoOtherFile) {
  World world(1, {});
  world.network.plan = {{{"train", {"step=1 loss=0.5\n", 5 * kMinute, 0}}},
                        {{"out/a", "file"}, {"out/a/b", "below a file"}, {"out/z", "last"}}};
  world.start();
  const std::string id = world.submit(kSpec);
  ASSERT_TRUE(world.run_to_end(id, 2 * kHour));
  const std::filesystem::path home = world.folder() / "jobs" / id / "artifacts";
  EXPECT_EQ(content(home / "out/a"), "file");
  EXPECT_EQ(content(home / "out/z"), "last");
  EXPECT_EQ(world.job(id)->state, store::JobState::failed);
  EXPECT_EQ(world.job(id)->reason, "not everything could be fetched: 1 of 3 files did not come home: " +
                                       (home / "out/a").string() + " is not a folder");
  EXPECT_TRUE(world.cloud.living().empty());
}

// What broke may say so in bytes that are no text.
class Mumbling final : public remote::Connector {
 public:
  std::unique_ptr<remote::Session> connect(const remote::Target&, const Wait&) override {
    throw Error(Fault::unsupported, "the machine says \xff", "ask \xc3 it");
  }
};

TEST(HostileMachine, WhatItSaysIsTextInTheEvents) {
  Mumbling connector;
  World world(1, {}, &connector);
  world.start();
  const std::string id = world.submit(kSpec);
  ASSERT_TRUE(world.run_to_end(id, kHour));
  const auto ends = world.read([&](store::Connection& c) { return store::Events(c).of_kinds(id, {"end"}, 0, 10); });
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_NE(ends[0].data.find("\"reason\":\"the machine says \ufffd\",\"hint\":\"ask \ufffd it\""), std::string::npos)
      << ends[0].data;
}

}  // namespace
}  // namespace stoker::simulation
