// Signed calls of AWS's services: the answer read, and what is no success thrown as the Failure that the agent can act
// on.
#pragma once

#include <cstdint>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/config.hpp>
#include <string>
#include <string_view>

#include "plugins/aws/credentials.h"
#include "plugins/aws/form.h"
#include "plugins/aws/xml.h"

namespace stoker::aws {

// One service at one place.
struct Service {
  std::string name, region, host;

  static Service ec2(const std::string& region) { return {"ec2", region, "ec2." + region + ".amazonaws.com"}; }
  static Service sts(const std::string& region) { return {"sts", region, "sts." + region + ".amazonaws.com"}; }
  static Service ssm(const std::string& region) { return {"ssm", region, "ssm." + region + ".amazonaws.com"}; }
  // The price list is at one place for all regions.
  static Service pricing() { return {"pricing", "us-east-1", "api.pricing.us-east-1.amazonaws.com"}; }
  // AWS_ENDPOINT_URL_<NAME>, AWS_ENDPOINT_URL, or the host's own; the agent refuses what is neither of AWS nor
  // loopback.
  [[nodiscard]] std::string url() const;
};

class AwsApi {
 public:
  explicit AwsApi(const Config& config) : credentials_(config) {}

  // `action` of a Query API with its version and these parameters.
  Xml query(Call& call, const std::string& doing, const Service& service, const std::string& action, const Form& form,
            Effect effect = Effect::repeatable);
  // `target` of a JSON API.
  Json json(Call& call, const std::string& doing, const Service& service, const std::string& target,
            const std::string& body);

  // How far the clock of this machine is behind AWS's, negative where it is ahead; 0 while they agree well enough.
  [[nodiscard]] std::int64_t clock_behind_ms() const { return clock_behind_ms_; }

 private:
  struct Message {
    std::string body, content_type, target;
  };
  HttpResponse signed_call(Call& call, const Service& service, const Message& message, Effect effect);
  std::string send(Call& call, const std::string& doing, const Service& service, const Message& message, Effect effect);
  // Whether the same request is worth signing anew: with a key read anew, or by AWS's clock.
  bool mended(Call& call, const std::string& code, const HttpResponse& response);
  Failure failure(Call& call, const std::string& doing, const HttpResponse& response, Effect effect) const;

  CredentialChain credentials_;
  std::int64_t clock_behind_ms_ = 0;
};

// "the clock of this machine is 60 minutes behind AWS's"
[[nodiscard]] std::string clock_told(std::int64_t behind_ms);

// The code of an error answer, whatever its envelope: EC2's, that of STS, or a JSON API's. Empty: it has none.
[[nodiscard]] std::string error_code(const std::string& body);

// "Fri, 27 Nov 2026 06:16:52 GMT" in ms since 1970; 0 for what is none.
[[nodiscard]] std::int64_t parse_http_date(std::string_view text);

}  // namespace stoker::aws
