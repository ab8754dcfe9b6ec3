#include "core/plugin_host/resolver.h"

#include <gtest/gtest.h>

#include "core/plugin_host/transport_error.h"

namespace stoker::plugin_host {
namespace {

SocketAddress only(const std::string& host, SystemClock& clock) {
  const auto all = resolve(host, 443, SocketWait(clock, {}));
  EXPECT_EQ(all.size(), 1u);
  return all.front();
}

TEST(Resolver, AnAddressIsItself) {
  SystemClock clock;
  EXPECT_EQ(only("192.0.2.7", clock).text(), "192.0.2.7:443");
  EXPECT_EQ(only("2001:db8::7", clock).text(), "[2001:db8::7]:443");
}

TEST(Resolver, TellsTheInternetFromTheRest) {
  SystemClock clock;
  for (const char* host :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
        "192.167.1.1", "223.255.255.255", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"})
    EXPECT_TRUE(is_public(only(host, clock))) << host;
  for (const char* host : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "127.0.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "192.0.2.1",
                           "198.18.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fd00::1",
                           "ff02::1",
                           "::ffff:10.0.0.1",
                           "2001:db8::1",
                           "64:ff9b::a00:1",
                           "2002:a00:1::"})
    EXPECT_FALSE(is_public(only(host, clock))) << host;
}

}  // namespace
}  // namespace stoker::plugin_host
