#include "plugins/gcp/gcp_cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/scripted_api.h"

namespace stoker::gcp {
namespace {

using test::Instances;
using test::Offers;
using test::Reply;
using test::ScriptedApi;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kOwner[] = "0123456789abcdef", kToken[] = "stk-01234567-j-1";
constexpr char kPerson[] = R"({"type":"authorized_user","client_id":"id","client_secret":"s","refresh_token":"1//a b",
                               "quota_project_id":"my-project"})";
constexpr char kVms[] = "/compute/v1/projects/my-project/zones/us-central1-a/instances";

Json json(const std::string& text) { return Json::parse(text, "test", STOKER_E_INTERNAL); }

std::string vm(const std::string& status, const std::string& more = {}, const std::string& id = "4711") {
  return R"({"id":")" + id + R"(","name":")" + kToken + R"(","status":")" + status +
         R"(","zone":"https://www.googleapis.com/compute/v1/projects/my-project/zones/us-central1-a",
            "machineType":"https://x/zones/us-central1-a/machineTypes/g2-standard-4",
            "creationTimestamp":"2026-11-01T02:00:00.000-08:00",
            "labels":{"stk-install":"0123456789abcdef","stk-run":"stk-01234567-j-1","stk-deadline":"1790000000"})" +
         more + "}";
}

std::string operation(const std::string& status, const std::string& more = {}) {
  return R"({"name":"op-1","status":")" + status + R"(","targetId":"4711")" + more + "}";
}

std::string error_in_operation(const std::string& code, const std::string& message = "told so") {
  return R"(,"error":{"errors":[{"code":")" + code + R"(","message":")" + message + "\"}]}";
}

std::string refusal(int status, const std::string& reason, const std::string& message) {
  return R"({"error":{"code":)" + std::to_string(status) + R"(,"message":")" + message + R"(","errors":[{"reason":")" +
         reason + "\"}]}}";
}

std::string not_found() { return refusal(404, "notFound", "was not found"); }

CreateRequest request() {
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
std::string outcome(Cloud& cloud, const CreateRequest& wanted = request()) {
  Instances made;
  try {
    cloud.gcp.create(cloud.api.call, wanted, made.emit());
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
  return "state " + std::to_string(made.all.at(0).state) + " " + made.all[0].id;
}

std::string state(int state) { return "state " + std::to_string(state) + " 4711"; }

TEST(GcpKeyFile, SaysWhatItLacks) {
  const auto words = [](const std::string& text) {
    try {
      (void)KeyFile::parse(text);
      return std::string("none");
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), STOKER_E_INVALID);
      return failure.message();
    }
  };
  EXPECT_EQ(words("AKIA..."), "gcp: the credentials are not a JSON file");
  EXPECT_EQ(words("[]"), "gcp: the credentials lack type");
  EXPECT_EQ(words(R"({"type":"external_account"})"),
            "gcp: the credentials are of the type external_account, which is not supported");
  EXPECT_EQ(words(R"({"type":"service_account","client_email":"a@b"})"), "gcp: the credentials lack private_key");
  EXPECT_EQ(words(R"({"type":"service_account","client_email":"a@b","private_key":"x"})"),
            "gcp: the credentials lack private_key_id");
  EXPECT_EQ(words(R"({"type":"authorized_user","client_id":"x"})"), "gcp: the credentials lack client_secret");
  EXPECT_EQ(words(kPerson), "none");
}

TEST(GcpKeyFile, APersonsGrantIsAForm) {
  EXPECT_EQ(KeyFile::parse(kPerson).grant(0),
            "grant_type=refresh_token&client_id=id&client_secret=s&refresh_token=1%2F%2Fa%20b");
}

TEST(GcpKeyFile, AKeyThatIsNoneShowsNothingOfItself) {
  const KeyFile file =
      KeyFile::parse(R"({"type":"service_account","client_email":"a@b","private_key":"hush","private_key_id":"1"})");
  try {
    (void)file.grant(0);
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.message(), "gcp: the credentials can not be used: the private key is not an RSA key in PEM");
  }
}

TEST(GcpAccess, ATokenIsKeptUntilItIsRefused) {
  int looks = 0;
  Cloud cloud([&](auto&&...) {
    return ++looks == 2 ? Reply{401, refusal(401, "authError", "no")} : Reply{200, R"({"name":"my-project"})"};
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cloud.gcp.validate(cloud.api.call).id, "my-project");
  EXPECT_EQ(looks, 4) << "the one that was refused is asked again";
  EXPECT_EQ(std::count(cloud.api.requests.begin(), cloud.api.requests.end(), "POST /token"), 2);
  EXPECT_EQ(cloud.api.authorization, "Bearer ya29.x");
}

TEST(GcpAccess, ATokenThatIsRefusedAtOnceIsAMatterOfTheCredentials) {
  Cloud cloud([](auto&&...) { return Reply{401, refusal(401, "authError", "no")}; });
  try {
    (void)cloud.gcp.validate(cloud.api.call);
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_AUTH);
  }
  EXPECT_LE(cloud.asked().size(), 2U);
}

std::string token_refusal(int status, const std::string& body) {
  ScriptedApi api([&](auto&&...) { return Reply{status, body}; });
  api.secret = kPerson;
  GcpCloud gcp{Config(nullptr, 0)};
  try {
    (void)gcp.validate(api.call);
    return "none";
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
}

TEST(GcpAccess, WhyThereIsNoToken) {
  const std::string begin = " gcp: getting an access token";
  EXPECT_EQ(token_refusal(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})"),
            std::to_string(STOKER_E_AUTH) + begin + ": invalid_grant: Invalid JWT Signature.");
  EXPECT_EQ(token_refusal(400, R"({"error":"server_error"})"),
            std::to_string(STOKER_E_UNAVAILABLE) + begin + ": server_error");
  EXPECT_EQ(token_refusal(503, "<html>"), std::to_string(STOKER_E_UNAVAILABLE) + begin + " failed with HTTP 503");
  EXPECT_EQ(token_refusal(200, R"({"access_token":"a\r\nb"})"),
            std::to_string(STOKER_E_UNAVAILABLE) + begin + " gave none");
}

TEST(GcpValidate, AProjectThatMayHaveNoGpuIsSaid) {
  Cloud cloud([](auto&&...) {
    return Reply{200, R"({"name":"my-project","quotas":[{"metric":"CPUS","limit":0},
                                                         {"metric":"GPUS_ALL_REGIONS","limit":0.0}]})"};
  });
  try {
    (void)cloud.gcp.validate(cloud.api.call);
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_QUOTA);
    EXPECT_EQ(failure.message(), "gcp: the project my-project may have no GPU: its quota GPUS_ALL_REGIONS is 0");
  }
}

TEST(GcpRefusal, EachReasonHasItsClass) {
  const auto meaning = [](int status, const std::string& body) {
    const auto failure = explain({status, json(body), {}}, "x");
    return failure ? failure->status() : STOKER_OK;
  };
  EXPECT_EQ(meaning(403, refusal(403, "rateLimitExceeded", "m")), STOKER_E_RATE_LIMITED);
  EXPECT_EQ(meaning(403, refusal(403, "userRateLimitExceeded", "m")), STOKER_E_RATE_LIMITED);
  EXPECT_EQ(meaning(403, refusal(403, "quotaExceeded", "m")), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(meaning(403, refusal(403, "quotaExceeded", "Quota 'GPUS_ALL_REGIONS' exceeded.")), STOKER_E_QUOTA);
  EXPECT_EQ(meaning(403, refusal(403, "accessNotConfigured", "m")), STOKER_E_FORBIDDEN);
  EXPECT_EQ(meaning(403, refusal(403, "forbidden", "m")), STOKER_E_FORBIDDEN);
  EXPECT_EQ(meaning(400, refusal(400, "invalid", "m")), STOKER_E_INVALID);
  EXPECT_EQ(meaning(400, refusal(400, "resourceNotReady", "m")), STOKER_E_UNAVAILABLE);
  EXPECT_EQ(meaning(409, refusal(409, "alreadyExists", "m")), STOKER_E_CONFLICT);
  EXPECT_EQ(meaning(401, "{}"), STOKER_E_AUTH);
  EXPECT_EQ(meaning(404, not_found()), STOKER_OK) << "as HTTP has it";
  EXPECT_EQ(meaning(503, refusal(503, "quotaExceeded", "m")), STOKER_OK) << "nobody knows what was done";
}

TEST(GcpRefusal, AnOperationSaysItInEitherSpelling) {
  const auto meaning = [](const std::string& code, const std::string& message = "m") {
    const auto failure = failure_of(json(operation("DONE", error_in_operation(code, message))), "x");
    return failure ? failure->status() : STOKER_OK;
  };
  for (const char* code : {"ZONE_RESOURCE_POOL_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
                           "zoneResourcePoolExhausted", "GPU_STOCKOUT", "insufficientCapacity", "UNSUPPORTED_OPERATION",
                           "RESOURCE_NOT_FOUND", "RESOURCE_NOT_READY", "RESOURCE_OPERATION_RATE_EXCEEDED", "NEW_CODE"})
    EXPECT_EQ(meaning(code), STOKER_E_NO_CAPACITY) << code;
  EXPECT_EQ(meaning("QUOTA_EXCEEDED", "Quota 'NVIDIA_L4_GPUS' exceeded."), STOKER_E_NO_CAPACITY)
      << "another region has its own";
  EXPECT_EQ(meaning("QUOTA_EXCEEDED", "Quota 'GPUS_ALL_REGIONS' exceeded."), STOKER_E_QUOTA);
  EXPECT_FALSE(failure_of(json(operation("DONE")), "x"));
}

TEST(GcpMachine, IsReadWithItsTimesAndLabels) {
  const Instance it = instance_of(json(
      vm("RUNNING", R"(,"networkInterfaces":[{"networkIP":"10.1.2.3","accessConfigs":[{"natIP":"198.51.100.2"}]}])")));
  EXPECT_EQ(it.id, "4711");
  EXPECT_EQ(it.client_token, kToken);
  EXPECT_EQ(it.deadline_ms, 1'790'000'000'000);
  EXPECT_EQ(it.created_ms, 1'793'527'200'000);
  EXPECT_EQ(it.ssh_host, "198.51.100.2");
  EXPECT_EQ(it.ssh_user, "ubuntu");
  EXPECT_EQ(it.private_host, "10.1.2.3");
  EXPECT_EQ(it.region, "us-central1");
  EXPECT_EQ(it.zone, "us-central1-a");
  EXPECT_EQ(it.opaque, "1 us-central1-a stk-01234567-j-1");
}

TEST(GcpMachine, EveryStatusHasItsState) {
  const auto state = [](const std::string& status) { return instance_of(json(vm(status))).state; };
  for (const char* status : {"PROVISIONING", "STAGING", "REPAIRING"})
    EXPECT_EQ(state(status), STOKER_INSTANCE_PENDING) << status;
  EXPECT_EQ(state("RUNNING"), STOKER_INSTANCE_RUNNING);
  for (const char* status : {"STOPPING", "DEPROVISIONING"}) EXPECT_EQ(state(status), STOKER_INSTANCE_DELETING);
  for (const char* status : {"TERMINATED", "STOPPED", "SUSPENDING", "SUSPENDED"})
    EXPECT_EQ(state(status), STOKER_INSTANCE_STOPPED) << status;
  EXPECT_EQ(state("RETICULATING"), STOKER_INSTANCE_UNKNOWN);
}

TEST(GcpMachine, APlaceSurvivesItsText) {
  const Place place = Place::parse(Place{"us-central1-a", "vm", "op-1"}.text());
  EXPECT_EQ(place.zone + "|" + place.name + "|" + place.operation, "us-central1-a|vm|op-1");
  for (const char* none : {"", "2 zone vm", "1", "1 ", "zone vm"}) EXPECT_EQ(Place::parse(none).name, "") << none;
}

TEST(GcpInsert, HasTheFuseAndTheKeys) {
  constexpr std::int64_t kNow = 1'789'996'400'000;  // an hour before the deadline
  CreateRequest wanted = request();
  wanted.deadline_ms = 1'790'000'000'000;
  wanted.disk_bytes = 200'000'000'001;
  const Json body = json(insert_body(wanted, *machine_type("g2-standard-4"), {"default", ""}, kNow));
  const Json scheduling = body["scheduling"], disk = body["disks"].items().at(0);
  EXPECT_EQ(scheduling["maxRunDuration"]["seconds"].text(), "4200") << "ten minutes more than its time";
  EXPECT_EQ(scheduling["instanceTerminationAction"].text(), "DELETE");
  EXPECT_EQ(scheduling["provisioningModel"].text(), "STANDARD");
  EXPECT_EQ(scheduling["onHostMaintenance"].text(), "TERMINATE");
  EXPECT_FALSE(scheduling["automaticRestart"].boolean(true));
  EXPECT_TRUE(disk["autoDelete"].boolean(false));
  EXPECT_EQ(disk["initializeParams"]["diskSizeGb"].text(), "201");
  EXPECT_EQ(body["labels"]["stk-run"].text(), kToken);
  EXPECT_FALSE(body["guestAccelerators"].exists()) << "they come with the type";
  EXPECT_FALSE(body["serviceAccounts"].exists()) << "the machine has no identity in the project";
  std::map<std::string, std::string> metadata;
  for (const Json& item : body["metadata"]["items"].items()) metadata[item["key"].text()] = item["value"].text();
  EXPECT_EQ(metadata["enable-oslogin"], "FALSE");
  EXPECT_EQ(metadata["block-project-ssh-keys"], "TRUE");
  EXPECT_EQ(metadata["user-data"], "#cloud-config\n");
  EXPECT_EQ(metadata["ssh-keys"], "ubuntu:ssh-ed25519 AAAA one\nubuntu:ssh-ed25519 BBBB two");
}

TEST(GcpInsert, SpotAndAttachedGpusAndAnImageOfOnesOwn) {
  CreateRequest wanted = request();
  wanted.spot = true;
  wanted.image = "projects/mine/global/images/one";
  wanted.deadline_ms = 1000;  // has passed
  const Json body = json(insert_body(wanted, *machine_type("n1-standard-8+1xnvidia-tesla-t4"), {"vpc", "sub"}, 9000));
  EXPECT_EQ(body["scheduling"]["provisioningModel"].text(), "SPOT");
  EXPECT_EQ(body["scheduling"]["maxRunDuration"]["seconds"].text(), "592");
  const Json gpu = body["guestAccelerators"].items().at(0);
  EXPECT_EQ(gpu["acceleratorType"].text(), "zones/us-central1-a/acceleratorTypes/nvidia-tesla-t4");
  EXPECT_EQ(gpu["acceleratorCount"].integer(), 1);
  EXPECT_EQ(body["machineType"].text(), "zones/us-central1-a/machineTypes/n1-standard-8");
  EXPECT_EQ(body["disks"].items().at(0)["initializeParams"]["sourceImage"].text(), "projects/mine/global/images/one");
  const Json network = body["networkInterfaces"].items().at(0);
  EXPECT_EQ(network["network"].text(), "global/networks/vpc");
  EXPECT_EQ(network["subnetwork"].text(), "regions/us-central1/subnetworks/sub");
}

TEST(GcpInsert, TheRequestIdIsAUuidOfTheTokenAlone) {
  EXPECT_EQ(request_id(kToken), request_id(kToken));
  EXPECT_NE(request_id(kToken), request_id("stk-01234567-j-2"));
  EXPECT_THAT(request_id(kToken),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(GcpCreate, IsFollowedToItsEnd) {
  int looks = 0;
  Cloud cloud([&](const std::string& method, const std::string& path, const std::string&) {
    if (method == "POST") return Reply{200, operation("PENDING")};
    if (path.find("/operations/") != std::string::npos) return Reply{200, operation(++looks < 2 ? "RUNNING" : "DONE")};
    return Reply{200, vm("STAGING")};
  });
  EXPECT_EQ(outcome(cloud), state(STOKER_INSTANCE_PENDING));
  EXPECT_EQ(cloud.asked().front(), "POST " + std::string(kVms) + "?requestId=" + request_id(kToken));
  EXPECT_EQ(looks, 2);
}

// What the operation of a create says once the insert was accepted, and whether the machine is there.
std::string outcome_of(const std::string& told, int vm_status) {
  Cloud cloud([&](const std::string& method, const std::string&, const std::string&) {
    if (method == "POST") return Reply{200, told};
    return Reply{vm_status, vm_status == 200 ? vm("STAGING") : not_found()};
  });
  return outcome(cloud);
}

TEST(GcpCreate, AnErrorInItsOperationIsFinalOnlyOnceTheMachineIsNotThere) {
  const std::string exhausted = operation("DONE", error_in_operation("ZONE_RESOURCE_POOL_EXHAUSTED"));
  EXPECT_EQ(outcome_of(exhausted, 404),
            std::to_string(STOKER_E_NO_CAPACITY) + " gcp: creating a machine (compute.instances.create): told so");
  EXPECT_EQ(outcome_of(exhausted, 200), state(STOKER_INSTANCE_FAILED)) << "it has to be deleted";
  EXPECT_EQ(outcome_of(exhausted, 503), state(STOKER_INSTANCE_FAILED)) << "nobody can tell";
  EXPECT_EQ(outcome_of(operation("DONE"), 404), state(STOKER_INSTANCE_PENDING)) << "not visible yet";
}

TEST(GcpCreate, AnAnswerWithoutAnOperationTellsNothing) {
  for (const char* told : {"", "{}", "null", R"({"name":"op-1"})", "<html>"})
    EXPECT_THAT(outcome_of(told, 404), StartsWith(std::to_string(STOKER_E_UNKNOWN_OUTCOME))) << told;
}

TEST(GcpCreate, ANameThatIsTakenIsOursOrAConflict) {
  const auto taken = [](int status, const std::string& shown) {
    Cloud cloud([&](const std::string& method, const std::string&, const std::string&) {
      if (method == "POST") return Reply{409, refusal(409, "alreadyExists", "The resource already exists")};
      return Reply{status, shown};
    });
    return outcome(cloud);
  };
  EXPECT_EQ(taken(200, vm("RUNNING")), state(STOKER_INSTANCE_RUNNING));
  const std::string other =
      R"({"id":"1","name":"stk-01234567-j-1","zone":"x/us-central1-a","machineType":"x/a2-highgpu-1g"})";
  EXPECT_THAT(taken(200, other), StartsWith(std::to_string(STOKER_E_CONFLICT)));
  EXPECT_THAT(taken(404, not_found()), StartsWith(std::to_string(STOKER_E_UNAVAILABLE)));
  EXPECT_THAT(taken(503, ""), StartsWith(std::to_string(STOKER_E_UNKNOWN_OUTCOME)));
}

TEST(GcpGet, TellsWhatBecameOfAnOperationThatFailedLate) {
  const auto get = [](int vm_status, const std::string& status, const std::string& told, int told_status = 200) {
    Cloud cloud([&](const std::string&, const std::string& path, const std::string&) {
      if (path.find("/operations/") != std::string::npos) return Reply{told_status, told};
      return Reply{vm_status, vm_status == 200 ? vm(status) : not_found()};
    });
    try {
      return cloud.gcp.get(cloud.api.call, {"4711", "", "1 us-central1-a stk-01234567-j-1 op-1"}).state;
    } catch (const Failure& failure) {
      return -failure.status();
    }
  };
  const std::string failed = operation("DONE", error_in_operation("ZONE_RESOURCE_POOL_EXHAUSTED"));
  EXPECT_EQ(get(200, "STAGING", failed), STOKER_INSTANCE_FAILED);
  EXPECT_EQ(get(404, "", failed), STOKER_INSTANCE_GONE);
  EXPECT_EQ(get(404, "", operation("DONE")), -STOKER_E_NOT_FOUND);
  EXPECT_EQ(get(404, "", not_found(), 404), -STOKER_E_NOT_FOUND) << "operations are kept for a while only";
  EXPECT_EQ(get(200, "STAGING", not_found(), 404), STOKER_INSTANCE_PENDING);
  EXPECT_EQ(get(200, "RUNNING", failed), STOKER_INSTANCE_RUNNING) << "nobody asks for it any more";
}

TEST(GcpGet, AnotherMachineOfTheSameNameIsNotIt) {
  Cloud cloud([](auto&&...) { return Reply{200, vm("RUNNING", "", "4712")}; });
  try {
    (void)cloud.gcp.get(cloud.api.call, {"4711", "", "1 us-central1-a stk-01234567-j-1"});
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_NOT_FOUND);
  }
}

std::string page(const std::string& zones, const std::string& next = {}) {
  return R"({"items":{)" + zones + "}" + (next.empty() ? "" : R"(,"nextPageToken":")" + next + "\"") + "}";
}

std::string find_outcome(const std::function<std::string(int page)>& answer) {
  int pages = 0;
  Cloud cloud([&](auto&&...) { return Reply{200, answer(++pages)}; });
  Instances found;
  try {
    cloud.gcp.find(cloud.api.call, {kOwner, ""}, found.emit());
    return std::to_string(found.all.size()) + " in " + std::to_string(pages) + " pages";
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
}

TEST(GcpFind, ReadsAllZonesToTheEnd) {
  const std::string ours = R"("zones/a":{"instances":[)" + vm("RUNNING") + "]}";
  const std::string other = R"({"id":"1","name":"theirs","zone":"x/us-central1-a"})";
  EXPECT_EQ(find_outcome([&](int number) {
              return number == 1 ? page(R"("zones/a":{"warning":{"code":"NO_RESULTS_ON_PAGE"}})", "next") : page(ours);
            }),
            "1 in 2 pages");
  EXPECT_EQ(find_outcome([&](int) { return page(R"("zones/a":{"instances":[)" + other + "]}"); }), "0 in 1 pages")
      << "a filter that was not heeded";
}

TEST(GcpFind, AListThatIsNotWholeIsNoList) {
  const std::string begin =
      std::to_string(STOKER_E_UNAVAILABLE) + " gcp: listing machines (compute.instances.list) gave a list that ";
  EXPECT_EQ(find_outcome([](int) { return std::string("{}"); }), begin + "is none");
  EXPECT_EQ(find_outcome([](int) { return page("", "same"); }), begin + "has no end");
  EXPECT_EQ(
      find_outcome([](int) { return page(R"("zones/a":{"warning":{"code":"UNREACHABLE","message":"it is down"}})"); }),
      begin + "lacks a zone: UNREACHABLE: it is down");
  EXPECT_EQ(find_outcome([](int) { return page(R"("zones/a":{"instances":[{"name":"x","zone":"a"}]})"); }),
            begin + "has an item without a name or an id");
  EXPECT_EQ(find_outcome(
                [](int) { return page(R"("zones/a":{"instances":[)" + vm("RUNNING") + "," + vm("RUNNING") + "]}"); }),
            begin + "has an item twice");
}

std::string sku(const std::string& description, double dollars, const std::string& usage = "OnDemand") {
  const auto nanos = std::to_string(std::llround(dollars * 1e9) % 1'000'000'000);
  return R"({"description":")" + description + R"(","category":{"usageType":")" + usage +
         R"("},"serviceRegions":["us-central1"],"pricingInfo":[{"pricingExpression":{"tieredRates":[{"unitPrice":{
            "units":")" +
         std::to_string(static_cast<int>(dollars)) + R"(","nanos":)" + nanos + "}}]}}]}";
}

std::vector<std::string> g2_parts(double gpu = 0.56004, double factor = 0.4) {
  return {sku("G2 Instance Core running in Americas", 0.024988),
          sku("G2 Instance Ram running in Americas", 0.002927),
          sku("Nvidia L4 GPU running in Americas", gpu),
          sku("DWS Defined Duration Nvidia L4 GPU running in Americas", 0.1),
          sku("Commitment v1: G2 Core in Americas for 1 Year", 0.01, "Commit1Yr"),
          sku("Spot Preemptible G2 Instance Core running in Americas", 0.024988 * factor, "Preemptible"),
          sku("Spot Preemptible G2 Instance Ram running in Americas", 0.002927 * factor, "Preemptible"),
          sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", gpu * factor, "Preemptible")};
}

Price price(const std::vector<std::string>& skus, bool spot = false, const std::string& region = "us-central1") {
  PriceList list;
  for (const std::string& one : skus) list.add(json(one));
  return list.of(*machine_type("g2-standard-4"), 4, 16384, region, spot);
}

TEST(GcpPrice, IsTheSumOfItsParts) {
  EXPECT_EQ(price(g2_parts()).per_hour.micros, 706'824);
  EXPECT_EQ(price(g2_parts()).flags, static_cast<unsigned>(STOKER_PRICE_EXCLUDES_TAX));
  EXPECT_EQ(price(g2_parts(), true).per_hour.micros, 282'730);
  EXPECT_TRUE(price(g2_parts(), true).flags & STOKER_PRICE_SPOT);
}

TEST(GcpPrice, IsAnEstimateWhereThePartsCanNotBeRight) {
  const auto is_estimate = [](const Price& one) {
    EXPECT_EQ(one.per_hour.micros == 707'000, (one.flags & STOKER_PRICE_ESTIMATE) != 0);
    return (one.flags & STOKER_PRICE_ESTIMATE) != 0;
  };
  EXPECT_TRUE(is_estimate(price({})));
  EXPECT_TRUE(is_estimate(price(g2_parts(), false, "europe-west4"))) << "no parts of that region";
  EXPECT_TRUE(is_estimate(price(g2_parts(0.1)))) << "far less than it can be";
  EXPECT_TRUE(is_estimate(price(g2_parts(9)))) << "far more";
  EXPECT_TRUE(is_estimate(price(g2_parts(0.56004, 1.1), true))) << "spot above the price on demand";
  EXPECT_FALSE(is_estimate(price(g2_parts(1.2)))) << "dearer than it was is believed";
  for (const MachineType& type : machine_types()) {
    EXPECT_EQ(machine_type(offered_name(type)), &type) << type.name;
    EXPECT_GT(gpu_memory(type.accelerator), 0U);
  }
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : ",") + one;
  return text;
}

// A project of which the types, GPUs and prices are as given.
Reply answer_offers(const std::string& path, const std::string& skus, int skus_status = 200) {
  const std::string zone = R"("zone":"https://x/zones/us-central1-a")";
  if (path.find("/skus") != std::string::npos)
    return {skus_status, skus_status == 200 ? R"({"skus":[)" + skus + "]}" : skus};
  if (path.find("acceleratorTypes") != std::string::npos)
    return {200, page(R"("zones/us-central1-a":{"acceleratorTypes":[{"name":"nvidia-l4",)" + zone +
                      R"(},{"name":"nvidia-tesla-t4",)" + zone + "}]}")};
  return {200, page(R"("zones/us-central1-a":{"machineTypes":[
      {"name":"g2-standard-4","guestCpus":4,"memoryMb":16384,)" +
                    zone + R"(},
      {"name":"n1-standard-8","guestCpus":8,"memoryMb":30720,)" +
                    zone + R"(},
      {"name":"a2-highgpu-1g","guestCpus":12,"memoryMb":87040,)" +
                    zone + "}]}")};
}

TEST(GcpOffers, AreOfZonesThatHaveTheGpus) {
  const std::string parts = joined(g2_parts());
  Cloud cloud(
      [&](const std::string&, const std::string& path, const std::string&) { return answer_offers(path, parts); });
  Offers offers;
  cloud.gcp.list_offers(cloud.api.call, {}, offers.emit());
  ASSERT_EQ(offers.all.size(), 2U) << "no A100 here, no V100";
  EXPECT_EQ(offers.all[0].id, "g2-standard-4@us-central1-a");
  EXPECT_EQ(offers.all[0].region, "us-central1");
  EXPECT_EQ(offers.all[0].zone, "us-central1-a");
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 706'824);
  EXPECT_EQ(offers.all[0].gpu_mem_bytes, std::uint64_t{24} << 30);
  EXPECT_EQ(offers.all[0].mem_bytes, std::uint64_t{16} << 30);
  EXPECT_EQ(offers.all[1].id, "n1-standard-8+1xnvidia-tesla-t4@us-central1-a");
  EXPECT_TRUE(offers.all[1].price.flags & STOKER_PRICE_ESTIMATE);
}

TEST(GcpOffers, WithoutThePriceListTheyAreEstimates) {
  Cloud cloud([&](const std::string&, const std::string& path, const std::string&) {
    return answer_offers(path, refusal(403, "accessNotConfigured", "enable it"), 403);
  });
  Offers offers;
  cloud.gcp.list_offers(cloud.api.call, {}, offers.emit());
  ASSERT_EQ(offers.all.size(), 2U);
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 707'000);
  EXPECT_TRUE(offers.all[0].price.flags & STOKER_PRICE_ESTIMATE);
}

TEST(GcpOffers, APriceListThatBreaksOffIsNoPriceList) {
  Cloud cloud([&](const std::string&, const std::string& path, const std::string&) {
    return answer_offers(path, "broken", 503);
  });
  Offers offers;
  try {
    cloud.gcp.list_offers(cloud.api.call, {}, offers.emit());
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_UNAVAILABLE);
  }
  EXPECT_TRUE(offers.all.empty());
}

TEST(GcpCreate, APriceThatHasJumpedIsNotPaid) {
  const std::string parts = joined(g2_parts(1.2));
  Cloud cloud(
      [&](const std::string&, const std::string& path, const std::string&) { return answer_offers(path, parts); });
  CreateRequest wanted = request();
  wanted.max_per_hour = {714'000, "USD"};
  EXPECT_EQ(outcome(cloud, wanted),
            std::to_string(STOKER_E_NO_CAPACITY) + " gcp: g2-standard-4 costs more than was quoted");
  for (const std::string& one : cloud.asked()) EXPECT_THAT(one, StartsWith("GET ")) << "nothing is made";
}

TEST(GcpRemove, IsByNameInItsZone) {
  Cloud cloud([](auto&&...) { return Reply{200, operation("RUNNING")}; });
  cloud.gcp.remove(cloud.api.call, {"4711", "", "1 us-central1-a stk-01234567-j-1"});
  EXPECT_THAT(cloud.asked(), ElementsAre("DELETE " + std::string(kVms) + "/" + kToken));
}

TEST(GcpRemove, OfAMachineWhosePlaceNobodyKeptTheListTellsIt) {
  Cloud cloud([](const std::string& method, const std::string&, const std::string&) {
    if (method == "DELETE") return Reply{200, operation("RUNNING")};
    return Reply{200, page(R"("zones/a":{"instances":[)" + vm("RUNNING") + "]}")};
  });
  cloud.gcp.remove(cloud.api.call, {"4711", "", ""});
  EXPECT_THAT(cloud.asked().at(0),
              HasSubstr("/aggregated/instances?maxResults=500&returnPartialSuccess=true&filter=id%3D4711"));
  EXPECT_EQ(cloud.asked().at(1), "DELETE " + std::string(kVms) + "/" + kToken);
}

}  // namespace
}  // namespace stoker::gcp
