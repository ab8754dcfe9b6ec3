#include "core/fleet/leak_risk.h"

namespace stoker::fleet {

const char* to_string(LeakRisk risk) {
  switch (risk) {
    case LeakRisk::none:
      return "none";
    case LeakRisk::low:
      return "low";
    case LeakRisk::medium:
      return "medium";
    case LeakRisk::high:
      break;
  }
  return "high";
}

LeakRisk leak_risk_of(const plugin_host::ProviderFacts& facts) {
  switch (facts.power_off) {
    case STOKER_POWER_OFF_FORBIDDEN:
      return LeakRisk::none;
    case STOKER_POWER_OFF_DELETES:
      return LeakRisk::low;
    case STOKER_POWER_OFF_STOPS_BILLING:
      return LeakRisk::medium;
    default:
      return LeakRisk::high;
  }
}

}  // namespace stoker::fleet
