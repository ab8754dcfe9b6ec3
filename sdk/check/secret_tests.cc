#include <algorithm>

#include "sdk/check/tour.h"

namespace stoker::check {
namespace {

const ScriptedCloud& need_cloud(Stage& stage) {
  if (stage.cloud() == nullptr) throw Skipped("there is no cloud.yaml among the fixtures");
  return *stage.cloud();
}

void search(const std::string& where, const std::string& text, const std::map<std::string, std::string>& secrets) {
  for (const auto& [key, secret] : secrets)
    if (text.find(secret) != std::string::npos)
      throw Failed("the secret `" + key + "` stands in " + where +
                   "; name it in stoker_http_request.secrets, and let the host put it where it belongs");
}

void secrets_stay_secret(const Subject& subject) {
  Stage stage(subject);
  const auto& secrets = need_cloud(stage).secrets();
  if (secrets.empty()) throw Skipped("cloud.yaml names no {secret.NAME}");
  stage.tour();
  stage.cloud()->break_with({.kind = CloudFault::Kind::error, .error = "bad_token", .times = -1});
  stage.tour();
  for (const auto& line : stage.host().said()) search("what it said: a log line, progress or a failure", line, secrets);
  for (const auto& request : stage.host().requests()) {
    search("the URL of " + request.method, request.url, secrets);
    search("the body of " + request.method + " " + request.url, request.body, secrets);
    for (const auto& [name, value] : request.headers) search("the plain header " + name, value, secrets);
  }
  require_no_breach(stage.host());
}

void only_allowed_hosts_contacted(const Subject& subject) {
  Stage stage(subject);
  (void)need_cloud(stage);
  stage.tour();
  require_no_breach(stage.host());
  const auto& complaints = stage.cloud()->complaints();
  if (!complaints.empty()) throw Failed("cloud.yaml has no answer to " + complaints.front() + "; add the route");
}

}  // namespace

std::vector<Test> secret_tests() {
  return {
      {"secrets-stay-secret",
       "A credential is never in a log line, a message, a URL or a body, since those are kept and shown.", Kind::plugin,
       secrets_stay_secret},
      {"only-allowed-hosts-contacted",
       "Only hosts of the descriptor are spoken to, since the user gave the credential for those.", Kind::plugin,
       only_allowed_hosts_contacted},
  };
}

}  // namespace stoker::check
