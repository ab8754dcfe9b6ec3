#include "core/plugin_host/host_glob.h"

#include <gtest/gtest.h>

#include <string>

namespace stoker::plugin_host {
namespace {

TEST(HostGlob, NamesOneHost) {
  EXPECT_TRUE(matches_host("api.acme.example", "api.acme.example"));
  EXPECT_TRUE(matches_host("API.acme.Example", "api.ACME.example"));
  EXPECT_FALSE(matches_host("api.acme.example", "api.acme.example.evil.example"));
  EXPECT_FALSE(matches_host("api.acme.example", "xapi.acme.example"));
  EXPECT_FALSE(matches_host("api.acme.example", "api-acme.example"));
  EXPECT_FALSE(matches_host("", "api.acme.example"));
}

TEST(HostGlob, AStarIsOneOrMoreCharacters) {
  EXPECT_TRUE(matches_host("*.acme.example", "eu.acme.example"));
  EXPECT_TRUE(matches_host("*.acme.example", "api.eu.acme.example"));
  EXPECT_FALSE(matches_host("*.acme.example", "acme.example"));
  EXPECT_FALSE(matches_host("*.acme.example", ".acme.example"));
  EXPECT_FALSE(matches_host("*.acme.example", "evilacme.example"));
  EXPECT_FALSE(matches_host("*.acme.example", "eu.acme.example.evil.example"));
  EXPECT_TRUE(matches_host("ec2.*.amazonaws.com", "ec2.us-east-1.amazonaws.com"));
  EXPECT_FALSE(matches_host("ec2.*.amazonaws.com", "ec2.amazonaws.com"));
  EXPECT_TRUE(matches_host("*.*.example", "a.b.example"));
  EXPECT_FALSE(matches_host("api.*", "api."));
}

TEST(HostGlob, ManyStarsTakeNoTime) { EXPECT_FALSE(matches_host("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(253, 'a'))); }

}  // namespace
}  // namespace stoker::plugin_host
