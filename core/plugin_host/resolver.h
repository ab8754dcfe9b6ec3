// Names of hosts made addresses.
#pragma once

#include <string>
#include <vector>

#include "core/plugin_host/tcp_socket.h"

namespace stoker::plugin_host {

// In the system's order of preference, at least one. Throws TransportError; a cancelled look-up goes on by itself in
// its thread until the system's resolver gives up.
[[nodiscard]] std::vector<SocketAddress> resolve(const std::string& host, uint16_t port, const SocketWait& wait);

// Whether it is one of the open Internet: not of this machine, this link, a private network or a group.
[[nodiscard]] bool is_public(const SocketAddress& address);

}  // namespace stoker::plugin_host
