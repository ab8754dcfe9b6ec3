#include "core/api/origin.h"

#include <gtest/gtest.h>

namespace stoker::api {
namespace {

TEST(OriginTest, IsSchemeHostAndPort) {
  for (const char* origin : {"https://app.example", "http://localhost:5173", "tauri://localhost", "http://[::1]:3000",
                             "http://127.0.0.1:8080", "chrome-extension://abcdefgh", "https://xn--bcher-kva.example"})
    EXPECT_EQ(fault_of_origin(origin), "") << origin;
}

TEST(OriginTest, SaysWhyAnythingElseIsNone) {
  const std::pair<const char*, const char*> faults[] = {
      {"https://x/y", "it has a path"},
      {"https://x/", "it has a path"},
      {"https://x?y", "it has a path"},
      {"*", "there are no wildcards"},
      {"https://*.example", "there are no wildcards"},
      {"null", "`null` is what any sandboxed page sends"},
      {"", "it has no scheme such as https://"},
      {"app.example", "it has no scheme such as https://"},
      {"HTTPS://x", "its scheme is not made of a-z, 0-9, '+', '-' and '.'"},
      {"://x", "its scheme is not made of a-z, 0-9, '+', '-' and '.'"},
      {"https://", "it has no host"},
      {"https://:1", "it has no host"},
      {"https://X.example", "its host is not made of a-z, 0-9, '-', '_' and '.'"},
      {"https://b\xC3\xBC.example", "its host is not made of a-z, 0-9, '-', '_' and '.'"},
      {"https://a b", "its host is not made of a-z, 0-9, '-', '_' and '.'"},
      {"https://a\nb", "its host is not made of a-z, 0-9, '-', '_' and '.'"},
      {"https://me@x", "it names a user"},
      {"https://x:", "its port is no number from 1 to 65535"},
      {"https://x:0", "its port is no number from 1 to 65535"},
      {"https://x:65536", "its port is no number from 1 to 65535"},
      {"https://x:1:2", "its port is no number from 1 to 65535"},
      {"https://x:443", "browsers leave the usual port out"},
      {"http://x:80", "browsers leave the usual port out"},
      {"http://[::g]", "its address is no IPv6 address in lower case"}};
  for (const auto& [origin, fault] : faults) EXPECT_EQ(fault_of_origin(origin), fault) << origin;
  EXPECT_EQ(fault_of_origin("https://" + std::string(300, 'a')), "it is longer than 255 bytes");
}

}  // namespace
}  // namespace stoker::api
