// Google's access tokens (https://developers.google.com/identity/protocols/oauth2): exchanged for the JWT of a service
// account, for gcloud's refresh token of a person, or given by the metadata server; kept, and replaced before they
// expire.
#pragma once

#include <optional>
#include <stoker/cpp/cloud_api.hpp>
#include <stoker/cpp/config.hpp>
#include <string>
#include <string_view>

namespace stoker::gcp {

// A credential file: a service account's key, or gcloud's application_default_credentials.json.
struct KeyFile {
  bool is_service_account = false;
  std::string project, client_email, private_key, private_key_id;
  std::string client_id, client_secret, refresh_token, quota_project;

  // Throws STOKER_E_INVALID for what is none, or lacks a field.
  static KeyFile parse(std::string_view text);
  // What is posted for a token.
  [[nodiscard]] std::string grant(std::int64_t now_ms) const;
};

class Access {
 public:
  explicit Access(const Config& config);

  // Puts a token into the request that is good for minutes yet.
  void authorize(Call& call, HttpRequest& request);
  std::string project(Call& call);
  // The next request gets a new token; false where the last got none.
  bool renew();

 private:
  void fetch(Call& call);

  CloudApi oauth_, metadata_;
  bool from_metadata_;
  std::string project_, token_, quota_project_;
  std::int64_t expires_mono_ms_ = 0;
};

}  // namespace stoker::gcp
