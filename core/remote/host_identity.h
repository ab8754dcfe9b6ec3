// The host key we expect: a public key line, or the SHA-256 fingerprint of one.
#pragma once

#include <string>
#include <string_view>

namespace stoker::remote {

class HostIdentity {
 public:
  // "ssh-ed25519 AAAA... comment", "ecdsa-sha2-nistp256 ..." or "SHA256:<base64>". Throws invalid when it is neither.
  explicit HostIdentity(std::string_view key);

  // Compares in constant time.
  [[nodiscard]] bool matches(std::string_view blob) const;
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  // The host key algorithms to ask for, in order, comma-separated.
  [[nodiscard]] const char* algorithms() const;

 private:
  std::string type_;         // empty when only the fingerprint is known
  std::string blob_;         // likewise
  std::string fingerprint_;  // "SHA256:<base64 without padding>"
};

// "SHA256:<base64 without padding>" of a public key as it goes over the wire.
[[nodiscard]] std::string blob_fingerprint(std::string_view blob);

[[nodiscard]] std::string to_base64(std::string_view bytes, bool padding);
// White space is skipped, padding is optional. Empty when it is not base64.
[[nodiscard]] std::string from_base64(std::string_view text);

}  // namespace stoker::remote
