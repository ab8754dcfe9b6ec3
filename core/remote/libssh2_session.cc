#include "core/remote/libssh2_session.h"

#include <libssh2.h>
#include <sodium.h>

#include "core/remote/exec_channel.h"
#include "core/remote/host_identity.h"
#include "core/remote/ssh_key.h"
#include "core/remote/ssh_transport.h"
#include "core/remote/ssh_tunnel.h"

namespace stoker::remote {
namespace {

// Banner, key exchange and login of a real server stay far below.
constexpr int64_t kMaxLoginInput = 256 << 10;

class LibsshSession final : public Session {
 public:
  LibsshSession(const Clock& clock, std::unique_ptr<SshTransport> transport, std::string peer)
      : clock_(clock), transport_(std::move(transport)), peer_(std::move(peer)) {}

  ExecResult exec(const Exec& exec, const Wait& wait) override {
    const std::string doing = "running a command on " + peer_;
    if (transport_->dead()) throw Error(Fault::unavailable, doing + ": the session has ended");
    try {
      Poller poller(clock_, wait);
      return run_command(*transport_, poller, exec, doing);
    } catch (...) {
      transport_->kill();
      throw;
    }
  }

 private:
  const Clock& clock_;
  std::unique_ptr<SshTransport> transport_;
  std::string peer_;  // "user@host:port"
};

std::string peer_of(const Target& target) {
  return target.user + "@" + target.host + ":" + std::to_string(target.port);
}

void prefer(SshTransport& transport, int method, const char* names) {
  if (libssh2_session_method_pref(transport.get(), method, names) != 0)
    throw Error(Fault::internal, std::string("this libssh2 knows none of ") + names);
}

void prefer_methods(SshTransport& transport, const HostIdentity& identity) {
  prefer(transport, LIBSSH2_METHOD_HOSTKEY, identity.algorithms());
  prefer(transport, LIBSSH2_METHOD_KEX,
         "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521");
  for (const int method : {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC})
    prefer(transport, method, "aes256-ctr,aes128-ctr");
  for (const int method : {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC})
    prefer(transport, method, "hmac-sha2-256,hmac-sha2-512");
  for (const int method : {LIBSSH2_METHOD_COMP_CS, LIBSSH2_METHOD_COMP_SC}) prefer(transport, method, "none");
}

Error no_common_method(const SshTransport& transport, const HostIdentity& identity) {
  return {Fault::unsupported,
          transport.place() + " offers no SSH algorithms we accept: host key " + identity.algorithms() +
              ", key exchange curve25519-sha256, cipher aes256-ctr, MAC hmac-sha2-256",
          "RSA host keys are not accepted: give the host an ed25519 key (ssh-keygen -A) and pin that"};
}

void handshake(SshTransport& transport, const HostIdentity& identity, Poller& poller, int64_t limit_ms) {
  const std::string doing = "SSH handshake with " + transport.place();
  const auto seconds = std::to_string((limit_ms + 999) / 1000) + " s";
  transport.limit_input(kMaxLoginInput);
  prefer_methods(transport, identity);
  // libssh2 takes the socket as an argument; the transport's callbacks do the input and output.
  try {
    const int code =
        transport.repeat(poller, doing, [&] { return libssh2_session_handshake(transport.get(), transport.socket()); });
    if (code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE ||
        code == LIBSSH2_ERROR_METHOD_NONE)
      if (!transport.cut()) throw no_common_method(transport, identity);
    if (code != 0) throw transport.failure(code, doing);
  } catch (const Error& error) {
    if (error.fault != Fault::deadline) throw;
    const bool banner = libssh2_session_banner_get(transport.get()) != nullptr;
    throw Error(Fault::deadline, transport.place() +
                                     (banner ? " did not finish the SSH handshake within "
                                             : " accepted the connection but sent no SSH banner within ") +
                                     seconds);
  }
  size_t size = 0;
  int type = 0;
  const char* key = libssh2_session_hostkey(transport.get(), &size, &type);
  const std::string_view shown = key == nullptr ? std::string_view{} : std::string_view{key, size};
  if (!identity.matches(shown))
    throw Error(Fault::forbidden,
                transport.place() + " shows host key " + blob_fingerprint(shown) + " but " + identity.fingerprint() +
                    " is expected: nothing was sent to it",
                "the address may belong to another machine now; never log in to it");
}

void log_in(SshTransport& transport, const Target& target, Poller& poller) {
  const std::string peer = peer_of(target);
  const std::string key = private_key_fingerprint(target.private_key);
  const int code = transport.repeat(poller, "logging in to " + peer, [&] {
    return libssh2_userauth_publickey_frommemory(transport.get(), target.user.data(), target.user.size(), nullptr, 0,
                                                 target.private_key.data(), target.private_key.size(), nullptr);
  });
  if (code == 0) return;
  if (code == LIBSSH2_ERROR_FILE) throw Error(Fault::invalid, "libssh2 can not read the private key " + key);
  const bool refused = code == LIBSSH2_ERROR_AUTHENTICATION_FAILED || code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED ||
                       code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED;
  if (!refused || transport.cut()) throw transport.failure(code, "logging in to " + peer);
  throw Error(Fault::auth, "the key " + key + " is refused by " + peer,
              "the machine may still be placing the key, or the user name is another one on this image");
}

}  // namespace

LibsshConnector::LibsshConnector(Clock& clock, const SshLimits& limits) : clock_(clock), limits_(limits) {
  // Both count or guard their starts themselves; libssh2's is not safe on two threads.
  static const bool ready = sodium_init() >= 0 && libssh2_init(0) == 0;
  if (!ready) throw Error(Fault::internal, "libssh2 does not start");
}

std::unique_ptr<SshTransport> LibsshConnector::log_in_to(const Target& target, const Wait& wait) {
  const HostIdentity identity(target.host_public_key);
  static_cast<void>(private_key_fingerprint(target.private_key));
  // One of our own limits that passed is the network's fault, not the caller's deadline.
  const auto limited = [&](int64_t limit_ms, const auto& step) {
    const int64_t end_ms = clock_.mono_ms() + limit_ms;
    try {
      return step(wait.until(end_ms));
    } catch (const Error& error) {
      if (error.fault != Fault::deadline || clock_.mono_ms() >= wait.deadline_ms) throw;
      throw Error(Fault::unavailable, error.what(), error.hint);
    }
  };
  const std::string place = target.host + ":" + std::to_string(target.port);
  Descriptor socket = limited(limits_.connect_ms,
                              [&](const Wait& step) { return connect_tcp(target.host, target.port, clock_, step); });
  auto transport = std::make_unique<SshTransport>(std::move(socket), place);
  try {
    limited(limits_.handshake_ms, [&](const Wait& step) {
      Poller poller(clock_, step);
      handshake(*transport, identity, poller, std::min(step.deadline_ms - clock_.mono_ms(), limits_.handshake_ms));
    });
    limited(limits_.login_ms, [&](const Wait& step) {
      Poller poller(clock_, step);
      log_in(*transport, target, poller);
    });
  } catch (...) {
    transport->kill();
    throw;
  }
  transport->limit_input(INT64_MAX);
  return transport;
}

std::unique_ptr<Session> LibsshConnector::connect(const Target& target, const Wait& wait) {
  return std::make_unique<LibsshSession>(clock_, log_in_to(target, wait), peer_of(target));
}

std::unique_ptr<Tunnel> LibsshConnector::open_tunnel(const Target& target, const Wait& wait) {
  return std::make_unique<SshTunnel>(clock_, log_in_to(target, wait), peer_of(target));
}

}  // namespace stoker::remote
