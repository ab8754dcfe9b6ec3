#include "core/fleet/offers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>

#include "core/fleet/nearest_offers.h"
#include "tests/fleet/scripted_provider.h"

namespace stoker::fleet {
namespace {

using plugin_host::Offer;
using plugin_host::OfferQuery;

Offer gpu_offer(const std::string& id, const std::string& model, uint32_t count, double price,
                const std::string& region = "west") {
  Offer it = offer(id, static_cast<int64_t>(price * 1e6));
  it.gpu_model = model;
  it.gpu_count = count;
  it.region = region;
  return it;
}

class Offers : public testing::Test {
 protected:
  ScriptedProvider& cloud(const std::string& id) {
    auto& at = clouds_[id];
    if (!at) {
      at = std::make_shared<ScriptedProvider>();
      at->facts_.id = id;
      at->facts_.capabilities = STOKER_CAP_USER_DATA;
      accounts_.push_back({id, id, true});
    }
    return *at;
  }
  OfferList list(const OfferQuery& query = {}, OfferOrder order = OfferOrder::cheapest, int64_t within_ms = 10'000) {
    return list_offers(clock_, accounts_, query, order, source_, {{}, clock_.mono_ms() + within_ms});
  }
  static std::string ids(const std::vector<AccountOffer>& offers) {
    std::string text;
    for (const AccountOffer& one : offers) text += (text.empty() ? "" : " ") + one.account.id + ":" + one.offer.id;
    return text;
  }

  SystemClock clock_;
  std::vector<UsableAccount> accounts_;
  std::map<std::string, std::shared_ptr<ScriptedProvider>> clouds_;
  ProviderSource source_ = [this](const std::string& id) -> std::shared_ptr<plugin_host::Provider> {
    if (!clouds_[id]) throw Error(Fault::unsupported, "the plugin " + id + " is not enabled");
    return clouds_[id];
  };
};

TEST_F(Offers, ComeCheapestFirstAndFailuresDoNotSpoilThem) {
  cloud("sky").offers = [] {
    auto sold = offer("sold", 0);
    sold.availability = STOKER_AVAIL_NONE;
    return std::vector{offer("dear", 5), offer("cheap", 1), sold};
  };
  cloud("sun").offers = [] { return std::vector{offer("middle", 3)}; };
  cloud("rain").offers = []() -> std::vector<Offer> { throw Error(Fault::auth, "rain refused the key"); };
  accounts_.push_back({"sea", "sea", false});
  const OfferList found = list();
  EXPECT_EQ(ids(found.offers), "sky:cheap sun:middle sky:dear");
  EXPECT_EQ(ids(found.sold_out), "sky:sold");
  ASSERT_EQ(found.failures.size(), 2u);
  EXPECT_STREQ(found.failures[0].error.what(), "rain refused the key");
  EXPECT_EQ(found.failures[1].account.id, "sea");
  EXPECT_STREQ(found.failures[1].error.what(), "the plugin sea is not enabled");
  EXPECT_EQ(ids(list({}, OfferOrder::by_account).offers), "sky:cheap sky:dear sun:middle");
}

// The slowest one bounds the whole, whatever the number.
TEST_F(Offers, AreAskedOfAllAccountsAtOnce) {
  std::atomic<int> inside = 0, most = 0;
  for (const char* id : {"a", "b", "c", "d", "e"})
    cloud(id).offers = [&] {
      most = std::max<int>(most, ++inside);
      for (int i = 0; i < 1000 && inside < 5; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return std::vector{offer("x", 1)};
    };
  EXPECT_EQ(list().offers.size(), 5u);
  EXPECT_EQ(most, 5);
}

TEST_F(Offers, AnAccountThatHangsIsLeftBehindAndNamed) {
  cloud("sky").offers = [] { return std::vector{offer("x", 1)}; };
  // Goes on after its deadline, as no plugin may.
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto left = std::make_shared<std::atomic<bool>>(false);
  cloud("mud").offers = [release, left] {
    while (!*release) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    *left = true;
    return std::vector<Offer>{};
  };
  const OfferList found = list({}, OfferOrder::cheapest, 50);
  EXPECT_EQ(ids(found.offers), "sky:x");
  ASSERT_EQ(found.failures.size(), 1u);
  EXPECT_EQ(found.failures[0].error.fault, Fault::deadline);
  EXPECT_STREQ(found.failures[0].error.what(), "mud did not answer in time and is left behind");
  EXPECT_EQ(calls_left_behind(), 1);
  *release = true;
  while (calls_left_behind() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(*left);
}

TEST_F(Offers, FitTheQuery) {
  cloud("sky").offers = [] {
    return std::vector{gpu_offer("one", "H100", 1, 3), gpu_offer("eight", "H100", 8, 24),
                       gpu_offer("east", "H100", 1, 2, "east"), gpu_offer("small", "A100-40GB", 1, 1),
                       gpu_offer("large", "A100-80GB", 1, 2)};
  };
  OfferQuery query;
  query.gpu_model = "A100";
  EXPECT_EQ(ids(list(query).offers), "sky:small sky:large");
  query.gpu_model = "H100";
  query.min_gpus = 2;
  EXPECT_EQ(ids(list(query).offers), "sky:eight");
  query.min_gpus = 1;
  query.region = "east";
  EXPECT_EQ(ids(list(query).offers), "sky:east");
  query.region.clear();
  query.max_micros_per_hour = 3'000'000;
  EXPECT_EQ(ids(list(query).offers), "sky:east sky:one");
  query.machine = "one";
  EXPECT_EQ(ids(list(query).offers), "sky:one");
}

TEST_F(Offers, SpotIsAskedOnlyOfThoseThatHaveIt) {
  cloud("sky").offers = [] { return std::vector{offer("x", 1)}; };
  OfferQuery query;
  query.spot = true;
  const OfferList found = list(query);
  ASSERT_EQ(found.failures.size(), 1u);
  EXPECT_STREQ(found.failures[0].error.what(), "sky has no spot machines");
  EXPECT_EQ(found.failures[0].error.field, "resources.spot");
  EXPECT_TRUE(cloud("sky").calls.empty());
  cloud("sky").facts_.capabilities |= STOKER_CAP_SPOT;
  EXPECT_EQ(list(query).offers.size(), 1u);
}

TEST_F(Offers, AProviderThatCanNotProveAMachineIsNotUsed) {
  cloud("sky").facts_.capabilities = 0;
  const OfferList found = list();
  ASSERT_EQ(found.failures.size(), 1u);
  EXPECT_STREQ(found.failures[0].error.what(), "sky neither tells the SSH host key of a machine nor lets us set it");
}

class NoOffer : public testing::Test {
 protected:
  static std::vector<AccountOffer> all() {
    auto sold = gpu_offer("8xh100", "H100", 8, 24, "east");
    sold.availability = STOKER_AVAIL_NONE;
    std::vector<AccountOffer> offers;
    for (Offer& one : std::vector{gpu_offer("1xh100", "H100", 1, 3.29), gpu_offer("1xa100", "A100-40GB", 1, 1.29),
                                  gpu_offer("1xa10", "A10", 1, 0.75), sold})
      offers.push_back({{"sky", "sky", true}, one});
    return offers;
  }
};

TEST_F(NoOffer, AGpuNobodyHasIsAnsweredWithWhatThereIs) {
  OfferQuery query;
  query.gpu_model = "H300";
  query.min_gpus = 1;
  const Error error = no_offer_error(query, all());
  EXPECT_EQ(error.fault, Fault::no_capacity);
  EXPECT_EQ(error.field, "resources.gpu");
  EXPECT_STREQ(error.what(),
               "no offer fits 1x H300; nearest: sky: 1xa10 (1x A10) in west at 0.75 USD/h [another GPU]; "
               "sky: 1xa100 (1x A100-40GB) in west at 1.29 USD/h [another GPU]; "
               "sky: 1xh100 (1x H100) in west at 3.29 USD/h [another GPU]");
  EXPECT_EQ(error.hint, "did you mean H100?");
}

TEST_F(NoOffer, APriceAboveTheCapIsSaid) {
  OfferQuery query;
  query.gpu_model = "H100";
  query.min_gpus = 1;
  query.max_micros_per_hour = 2'000'000;
  const Error error = no_offer_error(query, all());
  EXPECT_EQ(error.field, "resources.max_price_per_hour");
  EXPECT_THAT(error.what(), testing::HasSubstr("no offer fits 1x H100 under 2.00/h; nearest: sky: 1xh100 (1x H100) in "
                                               "west at 3.29 USD/h [over 2.00 an hour]; "));
}

TEST_F(NoOffer, SoldOutAndAnotherRegionAreSaid) {
  OfferQuery query;
  query.gpu_model = "H100";
  query.min_gpus = 8;
  Error error = no_offer_error(query, all());
  EXPECT_THAT(error.what(), testing::HasSubstr("nearest: sky: 8xh100 (8x H100) in east at 24.00 USD/h [sold out now]"));
  query.min_gpus = 1;
  query.region = "wset";
  error = no_offer_error(query, all());
  EXPECT_THAT(error.what(), testing::HasSubstr("no offer fits 1x H100 in wset; nearest: sky: 1xh100"));
  EXPECT_EQ(error.hint, "did you mean west?");
  EXPECT_EQ(error.field, "resources.region");
}

TEST_F(NoOffer, AMachineTypeNobodyHasIsAnsweredWithTheNearest) {
  OfferQuery query;
  query.machine = "1xh1000";
  const Error error = no_offer_error(query, all());
  EXPECT_EQ(error.hint, "did you mean 1xh100?");
  EXPECT_EQ(error.field, "resources.machine");
}

TEST_F(NoOffer, NothingAtAllIsSaidToo) {
  EXPECT_STREQ(no_offer_error({}, {}).what(), "no offer fits any machine: there is no offer at all");
}

}  // namespace
}  // namespace stoker::fleet
