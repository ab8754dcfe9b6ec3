#include "tests/e2e/single_fault.h"

namespace stoker::e2e {
namespace {

using enum SingleFault::Kind;

SingleFault refusal(int status, const std::string& more = {}, const std::string& suffix = {}) {
  const bool passes = status == 429 || status >= 500;
  return {"refuse-" + std::to_string(status) + suffix, passes ? passing : definite,
          R"("fault":"refuse","status":)" + std::to_string(status) + more, status};
}

SingleFault garbage(const std::string& variant) {
  return {"garbage-" + variant, acted, R"("fault":"garbage","as":")" + variant + "\""};
}

SingleFault truncation(int at, bool reset) {
  const std::string where = std::to_string(at);
  return {"truncate-" + where + (reset ? "-reset" : ""), acted,
          R"("fault":"truncate","at":)" + where + (reset ? R"(,"as":"reset")" : "")};
}

}  // namespace

std::vector<SingleFault> faults_of_any() {
  std::vector<SingleFault> all;
  for (const int status : {400, 401, 403, 404, 409, 422, 429, 500, 502, 503}) all.push_back(refusal(status));
  all.push_back(refusal(429, R"(,"headers":{"retry-after":"7"})", "-retry-after"));
  all.push_back(refusal(502, R"(,"body":"<html>Bad gateway</html>")", "-html"));
  all.push_back({"redirect", silent, R"("fault":"redirect","to":"elsewhere.invalid")"});
  all.push_back({"redirect-307", silent, R"("fault":"redirect","to":"elsewhere.invalid","status":307)"});
  all.push_back({"time-out", silent, R"("fault":"time-out")"});
  all.push_back({"reset", silent, R"("fault":"reset")"});
  all.push_back({"act-then-500", acted, R"("fault":"act-then-500")"});
  all.push_back({"act-then-time-out", acted, R"("fault":"act-then-time-out")"});
  all.push_back({"act-then-reset", acted, R"("fault":"act-then-reset")"});
  for (const int at : {0, 1, 17, 60, 300}) all.push_back(truncation(at, false));
  all.push_back(truncation(20, true));
  for (const char* variant :
       {"html", "utf8", "deep", "empty", "null", "array", "huge", "cut", "no-id", "odd-id", "other-type-id"})
    all.push_back(garbage(variant));
  all.push_back({"slow-drip", lie, R"("fault":"slow-drip","ms":0.1)"});
  return all;
}

std::vector<SingleFault> faults_of_list(bool machines, bool pages) {
  std::vector<SingleFault> all;
  all.push_back({"empty-list", lie, R"("fault":"empty-list")"});
  all.push_back({"omit", lie, R"("fault":"omit","instance":2)"});
  all.push_back({"omit-first", lie, R"("fault":"omit")"});
  all.push_back({"stale-list", lie, R"("fault":"stale-list")"});
  if (machines) all.push_back({"strange-state", lie, R"("fault":"strange-state")"});
  if (pages)
    for (const char* page : {"\"same\"", "\"first\"", "7"})
      all.push_back(
          {std::string("repeated-page-") + page, lie, std::string(R"("fault":"repeated-page","page":)") + page});
  return all;
}

std::vector<SingleFault> faults_of_launch(const std::string& cloud) {
  const bool lambda = cloud == "lambda", vast = cloud == "vast";
  const auto refused = [](int status, const std::string& more) {
    return R"("fault":"refuse","status":)" + std::to_string(status) + "," + more;
  };
  const std::string sold_out =
      lambda ? refused(400, R"("code":"instance-operations/launch/insufficient-capacity","message":"none left")")
      : vast ? refused(200, R"("code":"no_such_ask","message":"somebody has taken it")")
             : refused(422, R"("message":"Size is not available in this region.")");
  const std::string quota =
      lambda ? refused(400, R"("code":"global/quota-exceeded","message":"the limit is reached")")
      : vast ? refused(200, R"("code":"insufficient_credit","message":"your credit is used up")")
             : refused(422, R"("message":"creating this/these droplet(s) will exceed your droplet limit")");
  return {{"double", cloudy, R"("fault":"double")"},
          {"dearer", cloudy, R"("fault":"dearer")"},
          {"wrong-id", cloudy, R"("fault":"wrong-id")"},
          {"sold-out", cloudy, sold_out},
          {"quota", definite, quota}};
}

}  // namespace stoker::e2e
