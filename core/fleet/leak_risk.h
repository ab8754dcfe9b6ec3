// What a machine may cost when nobody is left to delete it: this computer died, the network is gone.
#pragma once

#include "core/plugin_host/provider.h"

namespace stoker::fleet {

enum class LeakRisk {
  none,    // the user's own: it costs nothing, and is never ended
  low,     // it ends itself, and its bill with it
  medium,  // it turns itself off; what is left, such as its disk, is billed on
  high,    // it turns itself off, and the bill goes on until somebody deletes it
};
const char* to_string(LeakRisk risk);

[[nodiscard]] LeakRisk leak_risk_of(const plugin_host::ProviderFacts& facts);

}  // namespace stoker::fleet
