// One SSH session to one host: the seam in front of libssh2. Everything on the instance happens through exec().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "core/remote/tunnel.h"

namespace stoker::remote {

struct Target {
  std::string host;
  uint16_t port = 22;
  std::string user;
  std::string private_key;  // OpenSSH format, unencrypted
  std::string
      host_public_key;  // "ssh-ed25519 AAAA..." or "SHA256:<base64>"; never empty: nothing is trusted on first use
};

struct ExecResult {
  int exit_code = -1;       // valid when `signal` is empty
  std::string exit_signal;  // "KILL", ...
  std::string error_tail;   // the last 4 KiB of standard error
};

struct Exec {
  std::string command;  // for the remote user's shell
  // Fills the buffer with the next bytes of standard input and returns how many; 0 is the end. Null: no input.
  std::function<size_t(char* buffer, size_t size)> input;
  // Without `input`: standard input stays open until the command ends instead of ending at once. Some commands take its
  // end for the end of their reader.
  bool hold_input = false;
  // Standard output as it comes; false: stop, close the channel and return what is known. It may run other commands on
  // the same session: what comes meanwhile waits.
  std::function<bool(std::string_view)> output;
  // Called at least every `tick_ms` while nothing else happens; false: stop.
  std::function<bool()> tick;
  int64_t tick_ms = 1000;
};

// Faults: unavailable (network, refused, cut; nothing about existence follows from it), auth (our key is refused),
// forbidden (the host is not the one we know), cancelled, deadline. After any fault but a remote exit code the session
// is dead. One thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  virtual ExecResult exec(const Exec& exec, const Wait& wait) = 0;
};

class Connector {
 public:
  virtual ~Connector() = default;
  // Proves the host key before anything of ours is sent. One attempt; the caller decides about another.
  virtual std::unique_ptr<Session> connect(const Target& target, const Wait& wait) = 0;
  // The same for a connection that carries TCP connections instead of commands.
  virtual std::unique_ptr<Tunnel> open_tunnel(const Target& target, const Wait& /*wait*/) {
    throw Error(Fault::unsupported, "connections to " + target.host + " carry commands only");
  }
};

}  // namespace stoker::remote
