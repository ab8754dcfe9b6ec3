#include "core/fleet/leak_risk.h"

#include <gtest/gtest.h>

namespace stoker::fleet {
namespace {

TEST(LeakRisk, IsWhatThePowerOffLeavesBilling) {
  const auto risk = [](int32_t power_off) {
    plugin_host::ProviderFacts facts;
    facts.power_off = power_off;
    return std::string(to_string(leak_risk_of(facts)));
  };
  EXPECT_EQ(risk(STOKER_POWER_OFF_FORBIDDEN), "none");
  EXPECT_EQ(risk(STOKER_POWER_OFF_DELETES), "low");
  EXPECT_EQ(risk(STOKER_POWER_OFF_STOPS_BILLING), "medium");
  EXPECT_EQ(risk(STOKER_POWER_OFF_KEEPS_BILLING), "high");
  EXPECT_EQ(risk(STOKER_POWER_OFF_UNKNOWN), "high");
  EXPECT_EQ(risk(99), "high");
}

}  // namespace
}  // namespace stoker::fleet
