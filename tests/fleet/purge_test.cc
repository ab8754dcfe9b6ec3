#include "core/fleet/purge.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/fleet/scripted_provider.h"

namespace stoker::fleet {
namespace {

using plugin_host::Instance;
using plugin_host::InstanceState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A cloud with machines that end when they are told to.
class PurgeTest : public testing::Test {
 protected:
  PurgeTest() {
    sky.find_ = [this](const std::string&) {
      if (failure) throw Error(*failure);
      std::vector<Instance> listed;
      for (const auto& [id, made_ms] : machines)
        if (clock.now >= made_ms && !hidden.contains(id)) listed.push_back(machine(id));
      return listed;
    };
    sky.get_ = [this](const std::string& id) {
      if (!machines.contains(id)) throw Error(Fault::not_found, "no " + id);
      return machine(id);
    };
    sky.remove_ = [this] {
      if (stubborn == sky.removing) throw Error(Fault::unavailable, "not now");
      machines.erase(sky.removing);
    };
  }
  Purged run(std::vector<plugin_host::InstanceRef> known = {}) {
    PurgeRequest request;
    request.owner = "0123456789abcdef";
    request.known = std::move(known);
    request.tell = [this](const std::string& text) { told.push_back(text); };
    return purge(sky, request, clock, {});
  }

  MovedClock clock;
  ScriptedProvider sky;
  std::map<std::string, int64_t> machines;  // by id: from when on they are listed
  std::set<std::string> hidden;             // never listed
  std::string stubborn;
  std::optional<Error> failure;
  std::vector<std::string> told;
};

TEST_F(PurgeTest, NothingIsWatchedForASettleTime) {
  const int64_t began = clock.now;
  const Purged purged = run();
  EXPECT_THAT(purged.destroyed, IsEmpty());
  EXPECT_THAT(purged.left, IsEmpty());
  EXPECT_GE(clock.now - began, 90 * kSecond);
  EXPECT_LE(clock.now - began, 100 * kSecond);
}

TEST_F(PurgeTest, DestroysWhatIsListedWhatTurnsUpLateAndWhatIsKnown) {
  machines = {{"m1", 0}, {"m2", 60 * kSecond}, {"m3", 0}};
  hidden = {"m3"};
  const Purged purged = run({{"m3", "", ""}, {"m4", "", ""}});
  EXPECT_THAT(purged.destroyed, ElementsAre("m1", "m2", "m3", "m4")) << "one was gone already";
  EXPECT_THAT(purged.left, IsEmpty());
  EXPECT_THAT(machines, IsEmpty());
}

TEST_F(PurgeTest, WhatStaysIsNamedWithTheReason) {
  machines = {{"m1", 0}, {"m2", 0}};
  stubborn = "m2";
  const Purged purged = run();
  EXPECT_THAT(purged.destroyed, ElementsAre("m1"));
  EXPECT_THAT(purged.left, ElementsAre("m2: not now", "the time is over, and what is listed may not be all"));
  EXPECT_THAT(told, ElementsAre("destroying m1", "destroying m2", "m2: not now", "m1 is gone"));
}

TEST_F(PurgeTest, ACloudThatDoesNotAnswerIsAskedAgain) {
  machines = {{"m1", 0}};
  failure.emplace(Fault::unavailable, "the cloud is down");
  int asked = 0;
  const auto listed = sky.find_;
  sky.find_ = [&](const std::string& token) {
    if (++asked == 5) failure.reset();
    return listed(token);
  };
  const Purged purged = run();
  EXPECT_THAT(purged.destroyed, ElementsAre("m1"));
  EXPECT_THAT(purged.left, IsEmpty());
}

TEST_F(PurgeTest, ACredentialThatDoesNotWorkIsNotTriedFor15Minutes) {
  failure.emplace(Fault::auth, "the key is refused");
  sky.get_ = [](const std::string&) -> Instance { throw Error(Fault::auth, "the key is refused"); };
  sky.remove_ = [] { throw Error(Fault::auth, "the key is refused"); };
  const int64_t began = clock.now;
  EXPECT_THAT(run({{"m1", "", ""}}).left, ElementsAre("m1: the key is refused", "the key is refused"));
  EXPECT_LT(clock.now - began, kMinute);
}

TEST_F(PurgeTest, AListThatIsForbiddenKeepsNoKnownMachineAlive) {
  machines = {{"m1", 0}};
  failure.emplace(Fault::forbidden, "no right to list");
  const Purged purged = run({{"m1", "", ""}});
  EXPECT_THAT(machines, IsEmpty());
  EXPECT_THAT(purged.destroyed, ElementsAre("m1"));
  EXPECT_THAT(purged.left, ElementsAre("no right to list"));
}

TEST_F(PurgeTest, AMachineThatCanNotBeLookedAtIsRemovedAllTheSame) {
  machines = {{"m1", 0}};
  hidden = {"m1"};
  int looks = 0;
  sky.get_ = [&, inner = sky.get_](const std::string& id) {
    if (++looks < 4) throw Error(Fault::unavailable, "not now");
    return inner(id);
  };
  EXPECT_THAT(run({{"m1", "", ""}}).destroyed, ElementsAre("m1"));
  EXPECT_THAT(machines, IsEmpty());
}

TEST_F(PurgeTest, ALieAboutTheIdIsNotTheEndOfAMachine) {
  machines = {{"m1", 0}};
  sky.get_ = [](const std::string&) -> Instance { throw Error(Fault::not_found, "no such machine"); };
  stubborn = "m1";
  const Purged purged = run();
  EXPECT_THAT(purged.destroyed, IsEmpty());
  EXPECT_THAT(purged.left.at(0), "m1: not now");
}

TEST_F(PurgeTest, WhatMayNotBeListedBesideThemIsSaidAndTheWatchGoesOn) {
  sky.facts_.has_resources = true;
  sky.resources_fail.emplace(Fault::forbidden, "no right to keys");
  machines = {{"m1", 60 * kSecond}};
  const Purged purged = run();
  EXPECT_THAT(purged.destroyed, ElementsAre("m1"));
  EXPECT_THAT(purged.left, ElementsAre("what was made beside the machines: no right to keys"));
}

TEST_F(PurgeTest, WhatWasMadeBesideThemGoesAfterThem) {
  sky.facts_.has_resources = true;
  sky.left = {{STOKER_RESOURCE_OTHER, "key-1", "", "stk-01234567-job1-1", ""}};
  machines = {{"m1", 0}};
  const Purged purged = run();
  EXPECT_THAT(purged.destroyed, testing::UnorderedElementsAre("m1", HasSubstr("key-1")));
  EXPECT_THAT(sky.left, IsEmpty());
  EXPECT_THAT(told.at(1), HasSubstr("m1 is gone"));
  EXPECT_THAT(told.at(2), HasSubstr("removed key-1"));
}

}  // namespace
}  // namespace stoker::fleet
