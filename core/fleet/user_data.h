// What a machine is told at its start: our host key, our login key, and the boot grace of the dead-man's switch. By
// cloud-init it has them before SSH is reachable.
#pragma once

#include <cstdint>
#include <string>

namespace stoker::fleet {

struct UserData {
  std::string host_private_key;  // OpenSSH PEM, ed25519
  std::string host_public_key;
  std::string authorized_keys;  // lines
  bool boot_grace = true;       // power off when no agent arms the machine within kBootGraceMinutes
  int64_t deadline_ms = 0;      // ms since 1970 when the machine ends itself in any case; only a script can; 0: none
};

constexpr int kBootGraceMinutes = 30;

// cloud-config YAML. With `ssh_keys` given, cloud-init (cc_ssh) generates no other host keys, so the server offers
// exactly ours.
[[nodiscard]] std::string render_user_data(const UserData& data);
// The same as a script of sh, see STOKER_CAP_START_SCRIPT.
[[nodiscard]] std::string render_start_script(const UserData& data);

}  // namespace stoker::fleet
