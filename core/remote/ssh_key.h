// SSH keys of type ed25519, made here and never by the other side.
#pragma once

#include <string>
#include <string_view>

namespace stoker::remote {

struct SshKey {
  std::string private_key;  // OpenSSH PEM, unencrypted
  std::string public_key;   // "ssh-ed25519 AAAA... comment"
};

[[nodiscard]] SshKey generate_ssh_key(const std::string& comment);

// "SHA256:<base64 without padding>" of a public key line; throws invalid when it is not one.
[[nodiscard]] std::string fingerprint(std::string_view public_key);

// The same of the public half inside an unencrypted private key in OpenSSH format; throws invalid when it is not one.
[[nodiscard]] std::string private_key_fingerprint(std::string_view private_key);

}  // namespace stoker::remote
