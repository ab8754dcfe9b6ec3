// Google Compute Engine as the tests of its provider answer for it.
#pragma once

#include <string>
#include <vector>

#include "plugins/gcp/gcp_cloud.h"
#include "tests/plugins/scripted_api.h"

namespace stoker::gcp {

using test::Instances;
using test::Offers;
using test::Reply;
using test::ScriptedApi;

inline constexpr char kOwner[] = "0123456789abcdef", kToken[] = "stk-01234567-j-1";
inline constexpr char kPerson[] =
    R"({"type":"authorized_user","client_id":"id","client_secret":"s","refresh_token":"1//a b",
                               "quota_project_id":"my-project"})";
inline constexpr char kVms[] = "/compute/v1/projects/my-project/zones/us-central1-a/instances";

inline Json json(const std::string& text) { return Json::parse(text, "test", STOKER_E_INTERNAL); }

inline std::string vm(const std::string& status, const std::string& more = {}, const std::string& id = "4711") {
  return R"({"id":")" + id + R"(","name":")" + kToken + R"(","status":")" + status +
         R"(","zone":"https://www.googleapis.com/compute/v1/projects/my-project/zones/us-central1-a",
            "machineType":"https://x/zones/us-central1-a/machineTypes/g2-standard-4",
            "creationTimestamp":"2026-11-01T02:00:00.000-08:00",
            "labels":{"stk-install":"0123456789abcdef","stk-run":"stk-01234567-j-1","stk-deadline":"1790000000"})" +
         more + "}";
}

inline std::string operation(const std::string& status, const std::string& more = {}) {
  return R"({"name":"op-1","status":")" + status + R"(","targetId":"4711")" + more + "}";
}

inline std::string error_in_operation(const std::string& code, const std::string& message = "told so") {
  return R"(,"error":{"errors":[{"code":")" + code + R"(","message":")" + message + "\"}]}";
}

inline std::string refusal(int status, const std::string& reason, const std::string& message) {
  return R"({"error":{"code":)" + std::to_string(status) + R"(,"message":")" + message + R"(","errors":[{"reason":")" +
         reason + "\"}]}}";
}

inline std::string not_found() { return refusal(404, "notFound", "was not found"); }

inline CreateRequest request() {
  CreateRequest request;
  request.offer_id = "g2-standard-4@us-central1-a";
  request.offer_opaque = "1 4 16384";
  request.zone = "us-central1-a";
  request.client_token = kToken;
  request.owner = kOwner;
  request.ssh_public_key = "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two";
  request.user_data = "#cloud-config\n";
  return request;
}

// Tokens are had for the asking; everything else is the test's.
struct Cloud {
  explicit Cloud(ScriptedApi::Answer answer)
      : api([answer = std::move(answer)](const std::string& method, const std::string& path, const std::string& body) {
          if (path == "/token") return Reply{200, R"({"access_token":"ya29.x","expires_in":3599})"};
          return answer(method, path, body);
        }) {
    api.secret = kPerson;
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    auto all = api.requests;
    std::erase_if(all, [](const std::string& one) { return one.ends_with("/token"); });
    return all;
  }

  ScriptedApi api;
  GcpCloud gcp{Config(nullptr, 0)};
};

// How a create ends: the machine's state, or the failure.
inline std::string outcome(Cloud& cloud, const CreateRequest& wanted = request()) {
  Instances made;
  try {
    cloud.gcp.create(cloud.api.call, wanted, made.emit());
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
  return "state " + std::to_string(made.all.at(0).state) + " " + made.all[0].id;
}

inline std::string state(int state) { return "state " + std::to_string(state) + " 4711"; }

inline std::string page(const std::string& zones, const std::string& next = {}) {
  return R"({"items":{)" + zones + "}" + (next.empty() ? "" : R"(,"nextPageToken":")" + next + "\"") + "}";
}

}  // namespace stoker::gcp
