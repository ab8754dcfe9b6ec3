// Power of this machine.
#pragma once

namespace stoker::runner {

// True for root and for who may `sudo -n`.
[[nodiscard]] bool may_power_off();
// False when the command could not be run or was refused.
bool power_machine_off();

}  // namespace stoker::runner
