#include "core/plugin_host/http_url.h"

#include "tests/plugin_host/plugin_folder.h"

namespace stoker::plugin_host {
namespace {

std::string fault_of(std::string_view text) {
  try {
    return "taken as " + parse_url(text).text();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::invalid);
    return error.what();
  }
}

TEST(HttpUrl, IsTakenApart) {
  const HttpUrl url = parse_url("HTTPS://API.Acme.example:8443/v1/x?limit=1&a=%20#part");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "api.acme.example");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/v1/x?limit=1&a=%20");
  EXPECT_EQ(url.authority(), "api.acme.example:8443");
  EXPECT_EQ(url.shown(), "https://api.acme.example:8443/v1/x");
  EXPECT_EQ(parse_url("https://a.example").text(), "https://a.example/");
  EXPECT_EQ(parse_url("https://a.example:443?x").text(), "https://a.example/?x");
  EXPECT_EQ(parse_url("http://a.example").port, 80);
  EXPECT_EQ(parse_url("https://[2001:DB8:0::1]:44/").origin(), "https://[2001:db8::1]:44");
  EXPECT_EQ(parse_url("https://[2001:DB8:0::1]:44/").host, "2001:db8::1");
}

TEST(HttpUrl, WhatIsRefused) {
  EXPECT_EQ(fault_of("ftp://a.example/"), "a URL begins neither with https:// nor with http://");
  EXPECT_EQ(fault_of("//a.example/"), "a URL begins neither with https:// nor with http://");
  EXPECT_EQ(fault_of("https://me:pw@a.example/"), "a URL holds a user name or a password");
  EXPECT_EQ(fault_of("https:///x"), "a URL names no host");
  EXPECT_EQ(fault_of("https://a.example:0/"), "a URL names a port that is not a number from 1 to 65535");
  EXPECT_EQ(fault_of("https://a.example:65536/"), "a URL names a port that is not a number from 1 to 65535");
  EXPECT_EQ(fault_of("https://a.example:/"), "a URL names a port that is not a number from 1 to 65535");
  EXPECT_EQ(fault_of("https://a.example:1x/"), "a URL names a port that is not a number from 1 to 65535");
  EXPECT_EQ(fault_of("https://[::1/"), "a URL names an IPv6 address that is not one");
  EXPECT_EQ(fault_of("https://[::1]x/"), "a URL names an IPv6 address that is not one");
  EXPECT_EQ(fault_of("https://[fe80::1%25lo]/"), "a URL names an IPv6 address that is not one");
  for (const char* host : {"a..example", ".a", "a.", "127.1", "2130706433", "0x7f.1", "1.2.3.4.5", "a%2e", "a,b"})
    EXPECT_EQ(fault_of("https://" + std::string(host) + "/"), "a URL names a host that is not one") << host;
  for (const char* url : {"https://a.example/a b", "https://a.example/\r\nX: y", "https://a.example/\xc3\xa4",
                          "https://ä", "https://a.example\\@b.example/", "https://a.example/\x7f"})
    EXPECT_EQ(fault_of(url), "a URL holds a space, a control character or another one that has to be escaped") << url;
  EXPECT_EQ(fault_of(std::string("https://a.example/\0", 19)),
            "a URL holds a space, a control character or another one that has to be escaped");
  EXPECT_EQ(fault_of("https://" + std::string(254, 'a') + "/"), "a URL names a host of more than 253 characters");
}

TEST(HttpUrl, ALocationIsSeenFromWhereItCame) {
  const HttpUrl base = parse_url("https://a.example:8443/v1/list?page=1");
  const auto from = [&](std::string_view location) {
    const auto url = resolve_url(base, location);
    return url ? url->text() : "nothing";
  };
  EXPECT_EQ(from("https://b.example/x"), "https://b.example/x");
  EXPECT_EQ(from("//b.example/x"), "https://b.example/x");
  EXPECT_EQ(from("/x?y#z"), "https://a.example:8443/x?y");
  EXPECT_EQ(from("x"), "https://a.example:8443/v1/x");
  EXPECT_EQ(from("../x/./y/../z"), "https://a.example:8443/x/z");
  EXPECT_EQ(from("../../../x/.."), "https://a.example:8443/");
  EXPECT_EQ(from("?page=2"), "https://a.example:8443/v1/list?page=2");
  EXPECT_EQ(from(""), "https://a.example:8443/v1/list?page=1");
  EXPECT_EQ(from("x:y"), "nothing");
  EXPECT_EQ(from("javascript:alert(1)"), "nothing");
  EXPECT_EQ(from("https://me@b.example/"), "nothing");
  EXPECT_EQ(from("/a b"), "nothing");
}

TEST(HttpUrl, WhatIsOnThisMachine) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"128.0.0.1", "::2", "localhost.example", "a"}) EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace stoker::plugin_host
