#include "plugins/aws/aws_api.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <stoker/cpp/timestamp.hpp>

namespace stoker::aws {
namespace {

constexpr std::int64_t kSkewMs = 4 * 60'000;  // AWS takes a signature for five minutes

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
constexpr Meaning kMeanings[] = {
    {"AuthFailure", STOKER_E_AUTH},
    {"InvalidClientTokenId", STOKER_E_AUTH},
    {"UnrecognizedClientException", STOKER_E_AUTH},
    {"SignatureDoesNotMatch", STOKER_E_AUTH},
    {"InvalidSignatureException", STOKER_E_AUTH},
    {"IncompleteSignature", STOKER_E_AUTH},
    {"MissingAuthenticationToken", STOKER_E_AUTH},
    {"ExpiredToken", STOKER_E_AUTH},
    {"ExpiredTokenException", STOKER_E_AUTH},
    {"RequestExpired", STOKER_E_AUTH},
    {"UnauthorizedOperation", STOKER_E_FORBIDDEN},
    {"AccessDenied", STOKER_E_FORBIDDEN},
    {"AccessDeniedException", STOKER_E_FORBIDDEN},
    {"OptInRequired", STOKER_E_FORBIDDEN, "enable the region in the account's settings, or leave it out of `regions`"},
    {"PendingVerification", STOKER_E_FORBIDDEN, "AWS is still verifying the account; it says so by e-mail"},
    {"Blocked", STOKER_E_FORBIDDEN, "AWS has blocked the account; its support can tell why"},
    {"InsufficientInstanceCapacity", STOKER_E_NO_CAPACITY},
    {"InsufficientHostCapacity", STOKER_E_NO_CAPACITY},
    {"InsufficientReservedInstanceCapacity", STOKER_E_NO_CAPACITY},
    {"InsufficientCapacity", STOKER_E_NO_CAPACITY},
    {"InsufficientFreeAddressesInSubnet", STOKER_E_NO_CAPACITY},
    {"UnfulfillableCapacity", STOKER_E_NO_CAPACITY},
    {"Unsupported", STOKER_E_NO_CAPACITY},
    {"SpotMaxPriceTooLow", STOKER_E_NO_CAPACITY},
    {"IdempotentInstanceTerminated", STOKER_E_NO_CAPACITY},  // the token's machine has been, and is over
    {"VcpuLimitExceeded", STOKER_E_QUOTA,
     "request more vCPUs: Service Quotas, EC2, `Running On-Demand G and VT instances` (L-DB2E81BA) or `... P "
     "instances` (L-417A185B)"},
    {"InstanceLimitExceeded", STOKER_E_QUOTA, "request more under Service Quotas, EC2"},
    {"MaxSpotInstanceCountExceeded", STOKER_E_QUOTA,
     "request more under Service Quotas, EC2, `All G and VT Spot Instance Requests` (L-3819A6DF)"},
    {"VolumeLimitExceeded", STOKER_E_QUOTA, "request more under Service Quotas, EBS"},
    {"SecurityGroupLimitExceeded", STOKER_E_QUOTA,
     "remove security groups that nobody needs, or request more under Service Quotas, VPC"},
    {"RequestLimitExceeded", STOKER_E_RATE_LIMITED},
    {"EC2ThrottledException", STOKER_E_RATE_LIMITED},
    {"Throttling", STOKER_E_RATE_LIMITED},
    {"ThrottlingException", STOKER_E_RATE_LIMITED},
    {"InvalidInstanceID.NotFound", STOKER_E_NOT_FOUND},
    {"InvalidInstanceID.Malformed", STOKER_E_NOT_FOUND},
    {"InvalidGroup.NotFound", STOKER_E_NOT_FOUND},
    {"IdempotentParameterMismatch", STOKER_E_CONFLICT},
    {"DependencyViolation", STOKER_E_UNAVAILABLE},
    {"IncorrectState", STOKER_E_UNAVAILABLE},
    {"IncorrectInstanceState", STOKER_E_UNAVAILABLE},
};

bool is_success(const HttpResponse& response) { return response.status() >= 200 && response.status() < 300; }

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("//") + 2;
  return url.substr(begin, url.find('/', begin) - begin);
}

struct ErrorText {
  std::string code, message;
};

ErrorText error_of(const std::string& body) {
  try {
    if (body.starts_with('{')) {
      const Json json = Json::parse(body, "", STOKER_E_UNAVAILABLE);
      const std::string type = json["__type"].text();
      const std::string message = json["message"].text();
      return {type.substr(type.find('#') + 1), message.empty() ? json["Message"].text() : message};
    }
    const Xml error = Xml::parse(body, "").any("Error");
    return {error["Code"].text(), error["Message"].text()};
  } catch (const Failure&) {
    return {};  // a page of something in between
  }
}

}  // namespace

std::string clock_told(std::int64_t behind_ms) {
  const std::int64_t minutes = (std::abs(behind_ms) + 30'000) / 60'000;
  return "the clock of this machine is " + std::to_string(minutes) + " minutes " +
         (behind_ms > 0 ? "behind" : "ahead of") + " AWS's";
}

std::string error_code(const std::string& body) { return error_of(body).code; }

std::int64_t parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(25) != " GMT") return 0;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return 0;
  const std::string number = std::to_string(month / 3 + 1);
  return parse_timestamp(std::string(text.substr(12, 4)) + "-" + (number.size() < 2 ? "0" : "") + number + "-" +
                         std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z");
}

std::string Service::url() const {
  std::string variable = "AWS_ENDPOINT_URL_" + name;
  std::transform(variable.begin(), variable.end(), variable.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const char* one : {variable.c_str(), "AWS_ENDPOINT_URL"})
    if (const char* given = std::getenv(one); given != nullptr && *given != '\0') {
      std::string url = given;
      while (url.ends_with('/')) url.pop_back();
      return url + "/";
    }
  return "https://" + host + "/";
}

Xml AwsApi::query(Call& call, const std::string& doing, const Service& service, const std::string& action,
                  const Form& form, Effect effect) {
  Form head;
  head.add("Action", action).add("Version", service.name == "sts" ? "2011-06-15" : "2016-11-15");
  const std::string body = head.body() + (form.body().empty() ? "" : "&") + form.body();
  const std::string answer =
      send(call, doing, service, {body, "application/x-www-form-urlencoded; charset=utf-8", ""}, effect);
  try {
    Xml xml = Xml::parse(answer, "aws: " + doing);
    // A page of something in between may be XML as well.
    if (xml.name() == action + "Response") return xml;
  } catch (const Failure&) {
    if (effect == Effect::repeatable) throw;
  }
  throw Failure{effect == Effect::once ? STOKER_E_UNKNOWN_OUTCOME : STOKER_E_UNAVAILABLE,
                "aws: " + doing + " answered with something else than " + action + " does"};
}

Json AwsApi::json(Call& call, const std::string& doing, const Service& service, const std::string& target,
                  const std::string& body) {
  return Json::parse(send(call, doing, service, {body, "application/x-amz-json-1.1", target}, Effect::repeatable),
                     "aws: " + doing, STOKER_E_UNAVAILABLE);
}

HttpResponse AwsApi::signed_call(Call& call, const Service& service, const Message& message, Effect effect) {
  const std::string url = service.url();
  auto request = call.http().post(url);
  SignedRequest to_sign;
  to_sign.region = service.region;
  to_sign.service = service.name;
  to_sign.body = message.body;
  const std::size_t path = url.find('/', url.find("//") + 2);
  to_sign.path = url.substr(path);
  to_sign.headers = {{"Content-Type", message.content_type},
                     {"Host", host_of(url)},
                     {"X-Amz-Date", amz_date(call.wall_ms() + clock_behind_ms_)}};
  if (!message.target.empty()) to_sign.headers.emplace_back("X-Amz-Target", message.target);
  for (const auto& [name, value] : to_sign.headers)
    if (name != "Host" && name != "Content-Type") request.header(name, value);
  request.body(message.body, message.content_type);
  credentials_.lend(call, [&](const KeyPair& key, bool token_in_vault) {
    if (token_in_vault)
      request.secret("X-Amz-Security-Token", "", "session_token");
    else if (!key.token.empty())
      request.header("X-Amz-Security-Token", std::string(key.token));
    if (!key.token.empty()) to_sign.headers.emplace_back("X-Amz-Security-Token", std::string(key.token));
    request.header("Authorization", authorization(to_sign, key));
  });
  request.retry(effect == Effect::once ? STOKER_RETRY_NEVER : STOKER_RETRY_ALWAYS).max_response(64U << 20);
  return request.send();
}

std::string AwsApi::send(Call& call, const std::string& doing, const Service& service, const Message& message,
                         Effect effect) {
  HttpResponse response = signed_call(call, service, message, effect);
  if (!is_success(response) && mended(call, error_code(response.body()), response))
    response = signed_call(call, service, message, effect);
  if (!is_success(response)) throw failure(call, doing, response, effect);
  return response.body();
}

// A refusal for its key or its time was not carried out, so that nothing is done twice.
bool AwsApi::mended(Call& call, const std::string& code, const HttpResponse& response) {
  const Meaning* meaning = meaning_of(kMeanings, code);
  if (meaning == nullptr || meaning->status != STOKER_E_AUTH) return false;
  const std::int64_t theirs = parse_http_date(response.header("Date"));
  const std::int64_t behind = theirs == 0 ? 0 : theirs - call.wall_ms();
  const bool agree = behind > -kSkewMs && behind < kSkewMs;
  if (theirs != 0 && (agree ? clock_behind_ms_ != 0 : std::abs(behind - clock_behind_ms_) > kSkewMs)) {
    clock_behind_ms_ = agree ? 0 : behind;
    if (!agree) call.log(STOKER_LOG_WARNING, clock_told(behind) + "; requests are signed by AWS's");
    return true;
  }
  return credentials_.renew();
}

Failure AwsApi::failure(Call& call, const std::string& doing, const HttpResponse& response, Effect effect) const {
  const ErrorText error = error_of(response.body());
  const Meaning* meaning = meaning_of(kMeanings, error.code);
  const stoker_status status = meaning != nullptr ? meaning->status : CloudApi::status_of(response.status(), effect);
  Failure made{status, "aws: " + doing +
                           (error.code.empty() ? " failed with HTTP " + std::to_string(response.status())
                                               : ": " + error.message + " (" + error.code + ")")};
  made.code(error.code).hint(meaning == nullptr ? "" : meaning->hint);
  if (status == STOKER_E_RATE_LIMITED) made.retry_after(CloudApi::retry_after_ms(response));
  if (status == STOKER_E_AUTH) {
    const bool expired = error.code.starts_with("Expired");
    const std::int64_t behind = parse_http_date(response.header("Date")) - call.wall_ms();
    made.blame(credentials_.field());
    if (error.code == "RequestExpired" && behind > -kSkewMs && behind < kSkewMs)
      made.hint("the request was too long on its way; if it goes on, check the clock of this machine");
    else
      made.hint("it was signed with " + credentials_.source() +
                (expired ? ", whose session is over; make a new one and give it to the account"
                         : "; correct it, or make a new one under IAM, Security credentials"));
  }
  if (status == STOKER_E_FORBIDDEN && (meaning == nullptr || *meaning->hint == '\0'))
    made.blame(credentials_.field()).hint("allow the permission in brackets to the owner of " + credentials_.source());
  return made;
}

}  // namespace stoker::aws
