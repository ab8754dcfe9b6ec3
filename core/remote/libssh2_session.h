// The one implementation of Session: libssh2 on a non-blocking socket. Ed25519 and ECDSA host keys, a key to log in
// with, AES-CTR with SHA-2; no agent, no known_hosts, no passwords, no RSA.
#pragma once

#include <memory>

#include "core/remote/session.h"

namespace stoker::remote {

class SshTransport;

struct SshLimits {
  int64_t connect_ms = 15 * kSecond;
  int64_t handshake_ms = 20 * kSecond;  // until the host key is known
  int64_t login_ms = 20 * kSecond;
};

// Any number of threads may connect at the same time. `clock` must outlive the connector and its sessions.
class LibsshConnector final : public Connector {
 public:
  explicit LibsshConnector(Clock& clock, const SshLimits& limits = {});
  std::unique_ptr<Session> connect(const Target& target, const Wait& wait) override;
  std::unique_ptr<Tunnel> open_tunnel(const Target& target, const Wait& wait) override;

 private:
  [[nodiscard]] std::unique_ptr<SshTransport> log_in_to(const Target& target, const Wait& wait);

  Clock& clock_;
  const SshLimits limits_;
};

}  // namespace stoker::remote
