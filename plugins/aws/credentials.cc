#include "plugins/aws/credentials.h"

#include <cstdlib>
#include <stoker/cpp/json.hpp>
#include <stoker/cpp/timestamp.hpp>

#include "plugins/aws/credential_process.h"
#include "plugins/aws/profile.h"

namespace stoker::aws {
namespace {

constexpr std::int64_t kRenewMs = 15 * 60'000;
constexpr char kMetadata[] = "http://169.254.169.254/latest/";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// False where the account has no such secret.
bool with_optional_secret(Call& call, const char* key, const std::function<void(std::string_view)>& use) {
  bool lent = false;
  try {
    call.with_secret(key, [&](std::string_view secret) {
      lent = true;
      use(secret);
    });
  } catch (const Failure& failure) {
    if (lent || failure.status() != STOKER_E_INVALID) throw;
  }
  return lent;
}

HttpResponse metadata(HttpRequest request) {
  HttpResponse response = request.timeout(1000).retry(STOKER_RETRY_NEVER).send();
  if (response.status() != 200)
    throw Failure{STOKER_E_AUTH, "aws: the metadata service of this machine answered HTTP " +
                                     std::to_string(response.status()) + " when it was asked for the role's key"}
        .blame("instance_role")
        .hint("give the machine an instance profile, or the account a key");
  return response;
}

}  // namespace

CredentialChain::CredentialChain(const Config& config)
    : access_key_id_(config.text("access_key_id")),
      profile_(config.text("profile")),
      role_(config.boolean("instance_role", false)) {}

void CredentialChain::lend(Call& call, const Sign& sign) {
  if (!access_key_id_.empty()) return lend_account_key(call, sign);
  if (key_ && key_->expires_ms != 0 && call.wall_ms() > key_->expires_ms - kRenewMs) key_.reset();
  if (!key_) key_ = read(call);
  sign({key_->id, key_->secret, key_->token}, false);
}

void CredentialChain::lend_account_key(Call& call, const Sign& sign) {
  source_ = "the account's key " + access_key_id_;
  field_ = "secret_access_key";
  call.with_secret("secret_access_key", [&](std::string_view secret) {
    if (!with_optional_secret(call, "session_token",
                              [&](std::string_view token) { sign({access_key_id_, secret, token}, true); }))
      sign({access_key_id_, secret, {}}, false);
  });
}

bool CredentialChain::renew() {
  const bool held = key_.has_value();
  key_.reset();
  return held;
}

CredentialChain::Key CredentialChain::read(Call& call) {
  if (with_optional_secret(call, "secret_access_key", [](std::string_view) {}))
    throw Failure{STOKER_E_INVALID, "aws: the account has a secret_access_key and no access_key_id"}
        .blame("access_key_id")
        .hint("give both halves of the key pair, or neither");
  field_ = "profile";
  if (!profile_.empty()) return of_profile(call, profile_, true);
  if (!environment("AWS_ACCESS_KEY_ID").empty() || !environment("AWS_SECRET_ACCESS_KEY").empty())
    return of_environment();
  const std::string profile = environment("AWS_PROFILE");
  if (!profile.empty() || !role_) return of_profile(call, profile.empty() ? "default" : profile, !profile.empty());
  field_ = "instance_role";
  source_ = "the role of this machine";
  return of_role(call);
}

void CredentialChain::require_whole(const Key& key) const {
  if (!key.id.empty() && !key.secret.empty()) return;
  const char* missing = key.id.empty() ? "access key id" : "secret access key";
  throw Failure{STOKER_E_AUTH, "aws: " + source_ + " has no " + missing}.blame(field_).hint(
      "both halves of the key pair have to be there");
}

CredentialChain::Key CredentialChain::of_environment() {
  source_ = "the environment of the agent";
  Key key{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"), environment("AWS_SESSION_TOKEN")};
  require_whole(key);
  return key;
}

CredentialChain::Key CredentialChain::of_profile(Call& call, const std::string& name, bool named) {
  const Profiles profiles = Profiles::read();
  source_ = "the profile " + name;
  if (!profiles.has(name)) {
    if (named)
      throw Failure{STOKER_E_INVALID, "aws: there is no profile " + name + " in " + profiles.files()}
          .blame("profile")
          .hint("profiles there: " + profiles.names());
    throw Failure{STOKER_E_AUTH, "aws: the account has no key, and neither the environment of the agent nor " +
                                     profiles.files() + " has one"}
        .blame("access_key_id")
        .hint("give access_key_id and secret_access_key, or name a profile");
  }
  const auto value = [&](const char* key) { return profiles.value(name, key); };
  if (!value("aws_access_key_id").empty() || !value("aws_secret_access_key").empty()) {
    Key key{value("aws_access_key_id"), value("aws_secret_access_key"), value("aws_session_token")};
    require_whole(key);
    return key;
  }
  if (const std::string line = value("credential_process"); !line.empty())
    return of_json(run_credential_process(call, line), "SessionToken");
  throw Failure{STOKER_E_UNSUPPORTED, "aws: the profile " + name + " has neither a key nor a credential_process"}
      .blame("profile")
      .hint(
          "for a role or single sign-on, let the AWS command line give the key: credential_process = aws configure "
          "export-credentials --profile " +
          name + " --format process, in a profile of its own");
}

CredentialChain::Key CredentialChain::of_json(const std::string& text, const char* token_name) {
  const Json json = Json::parse(text, "aws: " + source_, STOKER_E_AUTH);
  Key key{json["AccessKeyId"].text(), json["SecretAccessKey"].text(), json[token_name].text(),
          parse_timestamp(json["Expiration"].text())};
  require_whole(key);
  return key;
}

CredentialChain::Key CredentialChain::of_role(Call& call) {
  const std::string base = std::string(kMetadata) + "meta-data/iam/security-credentials/";
  const std::string token =
      metadata(
          call.http().put(std::string(kMetadata) + "api/token").header("X-aws-ec2-metadata-token-ttl-seconds", "300"))
          .body();
  const auto ask = [&](const std::string& url) {
    return metadata(call.http().get(url).header("X-aws-ec2-metadata-token", token)).body();
  };
  const std::string role = ask(base);
  return of_json(ask(base + role.substr(0, role.find('\n'))), "Token");
}

}  // namespace stoker::aws
