// A libssh2 session that carries TCP connections: one thread moves the bytes of all of them between their channels and
// socket pairs, whose other ends are the streams.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/remote/ssh_transport.h"
#include "core/remote/tunnel.h"

namespace stoker::remote {

class ForwardedChannel;
struct TunnelLink;

class SshTunnel final : public Tunnel {
 public:
  SshTunnel(Clock& clock, std::unique_ptr<SshTransport> transport, std::string peer);
  ~SshTunnel() override;
  SshTunnel(const SshTunnel&) = delete;
  SshTunnel& operator=(const SshTunnel&) = delete;

  std::unique_ptr<Stream> open_tcp(const std::string& host, uint16_t port, const Wait& wait) override;
  [[nodiscard]] bool alive() const override { return alive_; }

 private:
  void run();
  void take_requests();
  bool step();
  void wait_for_work();
  void fail_all(const std::string& why);

  Clock& clock_;
  std::unique_ptr<SshTransport> transport_;  // of the thread only
  std::string peer_;                         // "user@host:port"
  std::shared_ptr<TunnelLink> link_;
  std::vector<std::unique_ptr<ForwardedChannel>> channels_;  // of the thread only
  bool ended_ = false;                                       // the SSH connection, seen while nothing read from it
  std::mutex mutex_;                                         // of `requests_` and `why_`
  std::vector<std::unique_ptr<ForwardedChannel>> requests_;
  std::string why_;  // it is no longer alive
  std::atomic<bool> alive_ = true;
  std::thread thread_;
};

}  // namespace stoker::remote
