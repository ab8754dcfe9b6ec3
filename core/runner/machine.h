// Power of this machine. Where a start script has placed a program that ends it (STOKER_CAP_START_SCRIPT in
// stoker/provider.h), that is used, and nothing else.
#pragma once

namespace stoker::runner {

// True for root and for who may `sudo -n`, or where that program says that it can.
[[nodiscard]] bool may_power_off();
// False when the command could not be run or was refused.
bool power_machine_off();
// Calls off the power-off that cloud-init has scheduled for a machine which no agent takes up, now and at every later
// boot (fleet/user_data). False when that could not be done: the machine would go off amid its training.
bool end_boot_grace();

}  // namespace stoker::runner
