#include "plugins/gcp/access.h"

#include <algorithm>
#include <cctype>
#include <stoker/cpp/json_writer.hpp>
#include <stoker/cpp/jwt.hpp>
#include <stoker/cpp/percent.hpp>

namespace stoker::gcp {
namespace {

constexpr char kScope[] = "https://www.googleapis.com/auth/cloud-platform";
// Whatever a key file says: one from a stranger must not send its own JWT elsewhere.
constexpr char kOauth[] = "https://oauth2.googleapis.com", kTokenUrl[] = "https://oauth2.googleapis.com/token";
constexpr char kForm[] = "application/x-www-form-urlencoded";
constexpr char kGetToken[] = "getting an access token";
constexpr std::int64_t kLifeS = 3600, kSkewS = 10, kRenewMs = 225'000;

Failure bad_key_file(const std::string& what) {
  return Failure{STOKER_E_INVALID, "gcp: the credentials " + what}
      .blame("credentials")
      .hint("give the whole JSON file of a service account's key, or gcloud's application_default_credentials.json");
}

std::optional<Failure> explain_refused_token(const ApiReply& reply, const std::string& doing) {
  const std::string error = reply.body["error"].text(), told = reply.body["error_description"].text();
  const std::string message = doing + ": " + error + (told.empty() ? "" : ": " + told);
  if (error == "internal_failure" || error == "server_error" || error == "temporarily_unavailable")
    return Failure{STOKER_E_UNAVAILABLE, message}.code(error);
  if (reply.status != 400 && reply.status != 401 && reply.status != 403) return std::nullopt;
  const stoker_status status = reply.status == 403 ? STOKER_E_FORBIDDEN : STOKER_E_AUTH;
  auto failure = Failure{status, error.empty() ? doing + " was refused" : message}.code(error);
  if (told.find("timeframe") == std::string::npos)
    return failure.blame("credentials")
        .hint("make a new key for the service account, or log in again with gcloud auth application-default login");
  return failure.hint("set the clock of this computer" + (reply.date.empty() ? "" : "; Google's says " + reply.date));
}

// It goes into every URL.
bool is_project(const std::string& id) {
  return std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '.' || c == ':';
  });
}

CloudApi::Authorize metadata_flavor() {
  return [](Call&, HttpRequest& request) { request.header("Metadata-Flavor", "Google"); };
}

}  // namespace

KeyFile KeyFile::parse(std::string_view text) {
  Json json;
  try {
    json = Json::parse(text, "", STOKER_E_INVALID);
  } catch (const Failure&) {
    throw bad_key_file("are not a JSON file");
  }
  const auto need = [&](const char* field) {
    std::string value = json[field].text();
    if (value.empty()) throw bad_key_file(std::string("lack ") + field);
    return value;
  };
  KeyFile file;
  const std::string type = need("type");
  file.is_service_account = type == "service_account";
  if (file.is_service_account) {
    file.client_email = need("client_email");
    file.private_key = need("private_key");
    file.private_key_id = need("private_key_id");
    file.project = json["project_id"].text();
  } else if (type == "authorized_user") {
    file.client_id = need("client_id");
    file.client_secret = need("client_secret");
    file.refresh_token = need("refresh_token");
    file.project = file.quota_project = json["quota_project_id"].text();
  } else {
    throw bad_key_file("are of the type " + type + ", which is not supported");
  }
  if (!is_project(file.project)) throw bad_key_file("name a project that can be none");
  return file;
}

std::string KeyFile::grant(std::int64_t now_ms) const {
  if (!is_service_account)
    return "grant_type=refresh_token&client_id=" + percent_encoded(client_id) +
           "&client_secret=" + percent_encoded(client_secret) + "&refresh_token=" + percent_encoded(refresh_token);
  JsonWriter header, claims;
  header.begin_object().member("alg", "RS256").member("kid", private_key_id).member("typ", "JWT").end_object();
  const std::int64_t now = now_ms / 1000 - kSkewS;
  claims.begin_object().member("iss", client_email).member("scope", kScope).member("aud", kTokenUrl);
  claims.member("iat", now).member("exp", now + kLifeS).end_object();
  try {
    return "grant_type=" + percent_encoded("urn:ietf:params:oauth:grant-type:jwt-bearer") +
           "&assertion=" + signed_jwt(header.str(), claims.str(), private_key);
  } catch (const Failure& failure) {
    throw bad_key_file("can not be used: " + failure.message());
  }
}

Access::Access(const Config& config)
    : oauth_(
          "gcp", kOauth, [](Call&, HttpRequest&) {}, explain_refused_token),
      metadata_("gcp", "http://169.254.169.254", metadata_flavor(), explain_refused_token),
      from_metadata_(config.text("source", "file") == "metadata"),
      project_(config.text("project")) {
  if (!is_project(project_)) throw Failure{STOKER_E_INVALID, "gcp: project is no project's id"}.blame("project");
}

void Access::fetch(Call& call) {
  token_.clear();
  ApiReply reply;
  if (from_metadata_) {
    reply = metadata_.get(call, kGetToken, "/computeMetadata/v1/instance/service-accounts/default/token");
  } else {
    std::string grant;
    call.with_secret("credentials", [&](std::string_view text) {
      const KeyFile file = KeyFile::parse(text);
      if (project_.empty()) project_ = file.project;
      quota_project_ = file.quota_project;
      grant = file.grant(call.wall_ms());
    });
    reply = oauth_.post(call, kGetToken, "/token", grant, Effect::repeatable, kForm);
  }
  token_ = reply.body["access_token"].text();
  const auto fits = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  if (token_.empty() || !std::all_of(token_.begin(), token_.end(), fits)) {
    token_.clear();
    throw Failure{STOKER_E_UNAVAILABLE, "gcp: getting an access token gave none"};
  }
  expires_mono_ms_ = call.mono_ms() + std::min<std::int64_t>(reply.body["expires_in"].integer(), kLifeS) * 1000;
}

void Access::authorize(Call& call, HttpRequest& request) {
  if (token_.empty() || expires_mono_ms_ - call.mono_ms() < kRenewMs) fetch(call);
  request.header("Authorization", "Bearer " + token_);
  if (!quota_project_.empty()) request.header("X-Goog-User-Project", quota_project_);
}

std::string Access::project(Call& call) {
  if (!project_.empty()) return project_;
  if (from_metadata_) {
    auto request = call.http().get("http://169.254.169.254/computeMetadata/v1/project/project-id");
    const HttpResponse response = request.header("Metadata-Flavor", "Google").send();
    if (response.status() == 200 && is_project(response.body())) project_ = response.body();
  } else {
    fetch(call);
  }
  if (project_.empty())
    throw Failure{STOKER_E_INVALID, "gcp: the credentials name no project"}.blame("project").hint(
        "set project to the id of the project that pays");
  return project_;
}

bool Access::renew() {
  const bool had_one = !token_.empty();
  token_.clear();
  return had_one;
}

}  // namespace stoker::gcp
