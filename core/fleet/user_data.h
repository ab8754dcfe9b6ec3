// What cloud-init is told before SSH is reachable: our host key, our login key, and the boot grace of the dead-man's
// switch.
#pragma once

#include <string>

namespace stoker::fleet {

struct UserData {
  std::string host_private_key;  // OpenSSH PEM, ed25519
  std::string host_public_key;
  std::string authorized_keys;  // lines
  bool boot_grace = true;       // power off when no agent arms the machine within kBootGraceMinutes
};

constexpr int kBootGraceMinutes = 30;

// cloud-config YAML. With `ssh_keys` given, cloud-init (cc_ssh) generates no other host keys, so the server offers
// exactly ours.
[[nodiscard]] std::string render_user_data(const UserData& data);

}  // namespace stoker::fleet
