#include "core/fleet/offer_cache.h"

#include <gtest/gtest.h>

#include "tests/fleet/scripted_provider.h"

namespace stoker::fleet {
namespace {

// Real threads and waits, and a time that stands still.
class HeldClock final : public Clock {
 public:
  [[nodiscard]] int64_t wall_ms() const override { return now; }
  [[nodiscard]] int64_t mono_ms() const override { return now; }
  void wait(Signal& signal, uint64_t seen, const Wait& until) override { real_.wait(signal, seen, {until.cancel}); }
  [[nodiscard]] std::thread start(const std::string& name, std::function<void()> run) override {
    return real_.start(name, std::move(run));
  }
  int64_t now = 1000;

 private:
  SystemClock real_;
};

class OfferCacheTest : public testing::Test {
 protected:
  OfferCacheTest() {
    sky_.facts_.capabilities = STOKER_CAP_USER_DATA;
    sky_.facts_.power_off = STOKER_POWER_OFF_DELETES;
    sky_.offers = [] { return std::vector{offer("dear", 5), offer("cheap", 1)}; };
  }
  OfferList list(bool fresh = false, const plugin_host::OfferQuery& query = {}) {
    return cache_.list(clock_, accounts_, query, source_, {}, fresh);
  }

  HeldClock clock_;
  OfferCache cache_;
  ScriptedProvider sky_;
  std::vector<UsableAccount> accounts_ = {{"team", "sky", true}};
  ProviderSource source_ = [this](const std::string&) {
    return std::shared_ptr<plugin_host::Provider>(std::shared_ptr<void>(), &sky_);
  };
};

TEST_F(OfferCacheTest, AnswersForAMinuteAndTellsTheAge) {
  const OfferList first = list();
  ASSERT_EQ(first.offers.size(), 2U);
  EXPECT_EQ(first.offers[0].age_ms, 0);
  EXPECT_EQ(first.offers[0].leak_risk, LeakRisk::low);
  clock_.now += 59 * kSecond;
  const OfferList again = list();
  ASSERT_EQ(again.offers.size(), 2U);
  EXPECT_EQ(again.offers[0].offer.id, "cheap");
  EXPECT_EQ(again.offers[0].age_ms, 59 * kSecond);
  EXPECT_EQ(again.offers[0].leak_risk, LeakRisk::low);
  EXPECT_EQ(sky_.calls.size(), 1U);
  clock_.now += kSecond;
  EXPECT_EQ(list().offers[0].age_ms, 0);
  EXPECT_EQ(sky_.calls.size(), 2U);
}

TEST_F(OfferCacheTest, IsPassedByAndRenewedWhenAskedTo) {
  (void)list();
  clock_.now += 10 * kSecond;
  EXPECT_EQ(list(true).offers[0].age_ms, 0);
  EXPECT_EQ(sky_.calls.size(), 2U);
  clock_.now += 10 * kSecond;
  EXPECT_EQ(list().offers[0].age_ms, 10 * kSecond);
}

TEST_F(OfferCacheTest, AnotherQuestionIsAskedAnew) {
  (void)list();
  plugin_host::OfferQuery query;
  query.max_micros_per_hour = 3;
  EXPECT_EQ(list(false, query).offers.size(), 1U);
  query.max_micros_per_hour = 0;
  query.machine = "dear";
  EXPECT_EQ(list(false, query).offers.size(), 1U);
  EXPECT_EQ(sky_.calls.size(), 3U);
}

TEST_F(OfferCacheTest, AnAccountThatFailedIsAskedAgainAndTheOthersAreNot) {
  ScriptedProvider sun;
  sun.facts_.capabilities = STOKER_CAP_USER_DATA;
  sun.offers = []() -> std::vector<plugin_host::Offer> { throw Error(Fault::unavailable, "not now"); };
  accounts_.push_back({"sun", "sun", true});
  source_ = [&](const std::string& id) {
    return std::shared_ptr<plugin_host::Provider>(std::shared_ptr<void>(), id == "sun" ? &sun : &sky_);
  };
  EXPECT_EQ(list().failures.size(), 1U);
  sun.offers = [] { return std::vector{offer("middle", 3)}; };
  const OfferList both = list();
  EXPECT_TRUE(both.failures.empty());
  ASSERT_EQ(both.offers.size(), 3U);
  EXPECT_EQ(both.offers[1].offer.id, "middle") << "cheapest first, wherever they come from";
  EXPECT_EQ(sky_.calls.size(), 1U);
  EXPECT_EQ(sun.calls.size(), 2U);
}

TEST_F(OfferCacheTest, ThisMachineIsAlwaysAsked) {
  accounts_ = {{"local", "local", false}};
  (void)list();
  (void)list();
  EXPECT_EQ(sky_.calls.size(), 2U);
}

TEST_F(OfferCacheTest, AnAccountThatIsGoneIsNotAnsweredFor) {
  (void)list();
  accounts_.clear();
  EXPECT_TRUE(list().offers.empty());
}

}  // namespace
}  // namespace stoker::fleet
