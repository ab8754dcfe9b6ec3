#include "core/plugin_host/resolver.h"

#include <netdb.h>

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

using Kind = TransportError::Kind;

struct Found {
  int error = 0;  // of getaddrinfo
  std::vector<SocketAddress> addresses;
};

Found look_up(const std::string& host, uint16_t port, int flags) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  Found found;
  found.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list);
  if (found.error != 0) return found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    SocketAddress address;
    if (one->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    found.addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return found;
}

// What a look-up and the one who waits for it share; whoever is last lets go of it.
struct LookUp {
  std::mutex mutex;
  std::optional<Found> found;
  Signal done;
};

bool is_public_v4(uint32_t address) {
  struct Block {
    uint32_t from;
    int bits;
  };
  // IANA's registry of special-purpose addresses, and the groups.
  constexpr std::array<Block, 15> kSpecial = {{{0x00000000, 8},
                                               {0x0a000000, 8},
                                               {0x64400000, 10},
                                               {0x7f000000, 8},
                                               {0xa9fe0000, 16},
                                               {0xac100000, 12},
                                               {0xc0000000, 24},
                                               {0xc0000200, 24},
                                               {0xc0586300, 24},
                                               {0xc0a80000, 16},
                                               {0xc6120000, 15},
                                               {0xc6336400, 24},
                                               {0xcb007100, 24},
                                               {0xe0000000, 4},
                                               {0xf0000000, 4}}};
  for (const Block& block : kSpecial)
    if ((address ^ block.from) >> (32 - block.bits) == 0) return false;
  return true;
}

uint32_t embedded(const in6_addr& address, size_t at) {
  uint32_t v4 = 0;
  std::memcpy(&v4, address.s6_addr + at, sizeof v4);
  return ntohl(v4);
}

bool is_public_v6(const in6_addr& address) {
  const auto begins = [&](std::initializer_list<uint8_t> bytes) {
    return std::memcmp(address.s6_addr, bytes.begin(), bytes.size()) == 0;
  };
  if (IN6_IS_ADDR_V4MAPPED(&address)) return is_public_v4(embedded(address, 12));
  if (begins({0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return is_public_v4(embedded(address, 12));  // NAT64
  if (begins({0x20, 0x02})) return is_public_v4(embedded(address, 2));                                       // 6to4
  if (begins({0x20, 0x01, 0x0d, 0xb8}) || begins({0x20, 0x01, 0x00, 0x00})) return false;  // examples, Teredo
  return (address.s6_addr[0] & 0xe0) == 0x20;
}

}  // namespace

std::vector<SocketAddress> resolve(const std::string& host, uint16_t port, const SocketWait& wait) {
  const std::string doing = "looking up the address of " + host;
  Found found = look_up(host, port, AI_NUMERICHOST);  // asks nobody
  if (found.error != 0) {
    const auto shared = std::make_shared<LookUp>();
    wait.check(doing);
    wait.clock()
        .start("resolve",
               [shared, host, port] {
                 Found all = look_up(host, port, 0);
                 {
                   const std::lock_guard lock(shared->mutex);
                   shared->found = std::move(all);
                 }
                 shared->done.notify();
               })
        .detach();
    for (;;) {
      const uint64_t seen = shared->done.count();
      {
        const std::lock_guard lock(shared->mutex);
        if (shared->found) found = std::move(*shared->found);
        if (shared->found) break;
      }
      wait.check(doing);
      wait.clock().wait(shared->done, seen, wait.wait());
    }
  }
  if (found.error != 0 || found.addresses.empty())
    throw TransportError(Kind::broken, doing + ": " + (found.error == 0 ? "it has none" : ::gai_strerror(found.error)),
                         "check the name and the network of this machine");
  return std::move(found.addresses);
}

bool is_public(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET)
    return is_public_v4(ntohl(reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr.s_addr));
  if (address.storage.ss_family == AF_INET6)
    return is_public_v6(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr);
  return false;
}

}  // namespace stoker::plugin_host
