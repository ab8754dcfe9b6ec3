#include "plugins/aws/sigv4.h"

#include <gtest/gtest.h>

#include <stoker/cpp/failure.hpp>

namespace stoker::aws {
namespace {

// The key pair of AWS's own examples.
constexpr KeyPair kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
constexpr char kDate[] = "20150830T123600Z";
constexpr char kForm[] = "application/x-www-form-urlencoded; charset=utf-8";

SignedRequest request(const std::string& method, const std::string& host) {
  SignedRequest made;
  made.method = method;
  made.headers = {{"Host", host}, {"X-Amz-Date", kDate}};
  made.region = "us-east-1";
  made.service = "service";
  return made;
}

std::string signed_as(const SignedRequest& request, const std::string& headers) {
  const std::string text = authorization(request, kExample);
  const std::string prefix = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" + request.service +
                             "/aws4_request, SignedHeaders=" + headers + ", Signature=";
  EXPECT_TRUE(text.starts_with(prefix)) << text;
  return text.substr(std::min(prefix.size(), text.size()));
}

// The first four are of AWS's test suite for signature version 4 (awslabs/aws-c-auth,
// tests/aws-signing-test-suite/v4), under their names there.
TEST(Sigv4, GetVanilla) {
  const SignedRequest get = request("GET", "example.amazonaws.com");
  EXPECT_EQ(canonical_request(get),
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(signed_as(get, "host;x-amz-date"), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(Sigv4, GetVanillaQueryOrderEncoded) {
  SignedRequest get = request("GET", "example.amazonaws.com");
  get.query = "%E1%88%B4=Value1&Param=Value2&Param-3=Value3";
  EXPECT_EQ(signed_as(get, "host;x-amz-date"), "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac");
}

TEST(Sigv4, PostStsHeaderBefore) {
  SignedRequest post = request("POST", "example.amazonaws.com");
  post.headers.emplace_back("X-Amz-Security-Token",
                            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxf"
                            "pSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPk"
                            "yQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBA"
                            "z+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==");
  EXPECT_EQ(signed_as(post, "host;x-amz-date;x-amz-security-token"),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(Sigv4, PostXWwwFormUrlencoded) {
  SignedRequest post = request("POST", "example.amazonaws.com");
  post.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  post.headers.emplace_back("Content-Length", "13");
  post.headers.emplace_back("X-Amz-Content-Sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e");
  post.body = "Param1=value1";
  EXPECT_EQ(signed_as(post, "content-length;content-type;host;x-amz-content-sha256;x-amz-date"),
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b");
}

// These two are our own requests; the signatures are those of botocore 1.43.
TEST(Sigv4, OfStsAndOfEc2WithASession) {
  SignedRequest sts = request("POST", "sts.us-east-1.amazonaws.com");
  sts.service = "sts";
  sts.headers.emplace_back("Content-Type", kForm);
  sts.body = "Action=GetCallerIdentity&Version=2011-06-15";
  EXPECT_EQ(signed_as(sts, "content-type;host;x-amz-date"),
            "52a8540fea00e731072179f763577cbe2a45eac2c5d32fb4d785f3eefac88165");
  SignedRequest ec2 = request("POST", "ec2.us-east-1.amazonaws.com");
  ec2.service = "ec2";
  ec2.headers.emplace_back("Content-Type", kForm);
  ec2.headers.emplace_back("X-Amz-Security-Token", "FwoGZXIvYXdzEXAMPLE+/token==");
  ec2.body =
      "Action=DescribeInstances&Filter.1.Name=tag%3Aagent-run&Filter.1.Value.1=r+1%2Fx%2By~%2A&Version=2016-11-15";
  EXPECT_EQ(signed_as(ec2, "content-type;host;x-amz-date;x-amz-security-token"),
            "00348261eeaac23091f9685b38c8894cef9099c2469999ade25f51b6a0466752");
}

TEST(Sigv4, SpacesOfAHeaderAreThoseThatCount) {
  SignedRequest get = request("GET", "example.amazonaws.com");
  get.headers.emplace_back("X-Amz-Target", "  a   b ");
  EXPECT_NE(canonical_request(get).find("\nx-amz-target:a b\n"), std::string::npos);
}

TEST(Sigv4, DatesAreOfOneReadingAndNeeded) {
  EXPECT_EQ(amz_date(1'440'938'160'999), kDate);
  SignedRequest undated = request("GET", "example.amazonaws.com");
  undated.headers.pop_back();
  EXPECT_THROW((void)authorization(undated, kExample), Failure);
}

}  // namespace
}  // namespace stoker::aws
