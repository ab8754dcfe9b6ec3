// No machine lost, none doubled, whatever fails and wherever the agent dies. Judged by the cloud's own history.
#include <gtest/gtest.h>

#include "tests/simulation/world.h"

namespace stoker::simulation {
namespace {

constexpr char kSpec[] = R"({"name":"sim","provider":"sim","run":"true","limits":{"max_hours":2,"max_cost":50}})";

// A machine that never answers: the job fails, and its machine must go.
class Unreachable final : public remote::Connector {
 public:
  std::unique_ptr<remote::Session> connect(const remote::Target& target, const Wait&) override {
    throw Error(Fault::unavailable, "can not reach " + target.host);
  }
};

std::string describe(const World& world) {
  std::string text;
  for (const Rental& it : world.cloud.history())
    text += it.id + " " + it.token + " made " + std::to_string(it.made_ms) + " removed " +
            std::to_string(it.removed_ms) + "\n";
  return text;
}

void expect_clean(World& world, const std::string& id, const std::string& what) {
  ASSERT_TRUE(world.run_to_end(id, 12 * kHour)) << what << "\n" << describe(world);
  world.calm();
  world.pass(2 * kHour);  // late arrivals
  EXPECT_TRUE(world.cloud.living().empty()) << what << "\n" << describe(world);
  EXPECT_TRUE(world.cloud.tokens_doubled().empty()) << what << "\n" << describe(world);
}

TEST(Money, AFailedJobLeavesNothingBehind) {
  Unreachable connector;
  World world(1, {}, &connector);
  world.start();
  const std::string id = world.submit(kSpec);
  expect_clean(world, id, "plain");
  EXPECT_EQ(world.cloud.history().size(), 2u) << "a second machine was tried, and no third";
}

TEST(Money, EveryCommitMayBeTheLast) {
  Unreachable connector;
  uint64_t commits = 0;
  {
    World world(1, {}, &connector);
    world.start();
    const std::string id = world.submit(kSpec);
    expect_clean(world, id, "count");
    commits = world.gate.commits;
  }
  ASSERT_GT(commits, 10u);
  // By default after the odd ones and before the even ones; each kill point is then between two that are tried.
  const uint64_t step = ::getenv("STOKER_SIMULATION_SEEDS") ? 1 : 2;
  for (const bool idempotent : {false, true})
    for (const bool before : {false, true})
      for (uint64_t k = before ? 2 : 1; k <= commits; k += step) {
        CloudTraits traits;
        traits.idempotent = idempotent;
        traits.list_lag_ms = 60 * kSecond;
        traits.get_lag_ms = 10 * kSecond;
        World world(k, traits, &connector);
        std::string id;
        world.gate.crash_at = k;
        world.gate.before = before;
        for (int tries = 0; id.empty() && tries < 3; ++tries) {
          try {
            world.start();
            id = world.submit(kSpec);
          } catch (const Crash&) {
            world.stop();
          }
        }
        expect_clean(world, id,
                     "crash at commit " + std::to_string(k) + " (" + world.gate.crashed_in + ")" +
                         (before ? " before" : " after") + (idempotent ? " idempotent" : ""));
        if (testing::Test::HasFailure()) return;
      }
}

// Everything at once: faults on a fifth of all calls, crashes at random commits, lagging lists.
void storm(uint64_t seed) {
  Unreachable connector;
  CloudTraits traits;
  traits.fault_percent = 20;
  traits.refuse_percent = 10;
  traits.list_lag_ms = static_cast<int64_t>(seed % 80) * kSecond;
  traits.get_lag_ms = static_cast<int64_t>(seed % 30) * kSecond;
  traits.idempotent = seed % 2 == 0;
  World world(seed, traits, &connector);
  world.start();
  const std::string id = world.submit(kSpec);
  world.gate.crash_at = world.gate.commits + 1 + seed % 40;
  world.gate.before = seed % 3 == 0;
  expect_clean(world, id, "seed " + std::to_string(seed));
}

TEST(Money, Storms) {
  const char* wanted = ::getenv("STOKER_SIMULATION_SEEDS");
  const uint64_t seeds = wanted ? std::stoull(wanted) : 30;
  for (uint64_t seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) storm(seed);
}

}  // namespace
}  // namespace stoker::simulation
