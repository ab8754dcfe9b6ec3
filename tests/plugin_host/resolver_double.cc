#include "tests/plugin_host/resolver_double.h"

#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <string_view>
#include <thread>

namespace stoker::plugin_host {

std::atomic<bool> resolver_is_stuck{false};
std::atomic<int> stuck_lookups{0};

}  // namespace stoker::plugin_host

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* wanted, addrinfo** found) {
  using GetAddrInfo = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<GetAddrInfo>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view host = node == nullptr ? "" : node;
  if (!host.ends_with(".test") || (wanted->ai_flags & AI_NUMERICHOST) != 0) return real(node, service, wanted, found);
  if (host.ends_with("loopback.test")) return real("127.0.0.1", service, wanted, found);
  if (host == "second.test") {
    const int error = real("127.0.0.2", service, wanted, found);
    return error != 0 ? error : real("127.0.0.1", service, wanted, &(*found)->ai_next);
  }
  ++stoker::plugin_host::stuck_lookups;
  while (stoker::plugin_host::resolver_is_stuck) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  --stoker::plugin_host::stuck_lookups;
  return EAI_NONAME;
}
