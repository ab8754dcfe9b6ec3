// What kind of private key a file holds, without its secret parts being read any further than needed.
#pragma once

#include <string>
#include <string_view>

namespace stoker::ssh {

enum class KeyKind {
  usable,       // ed25519 or ecdsa, not encrypted
  encrypted,    // asks for a passphrase nobody is there to type
  rsa,          // libssh2 1.10 signs with SHA-1 only, which servers refuse
  wrong_form,   // a private key in a form libssh2 does not read for this algorithm (PKCS#8)
  unsupported,  // a key of another algorithm (dsa, a security key)
  no_key        // not a private key
};

KeyKind private_key_kind(std::string_view file);

// "ssh-ed25519 AAAA..." without its comment, or "SHA256:..."; empty when it is neither. RSA keys are neither, for the
// same reason as above. A line of ssh-keyscan or known_hosts, which begins with the host, is taken too.
std::string canonical_host_key(std::string_view text);
bool is_rsa_host_key(std::string_view text);

}  // namespace stoker::ssh
