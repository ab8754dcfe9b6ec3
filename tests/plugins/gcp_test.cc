#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/gcp_case.h"

namespace stoker::gcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

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

TEST(GcpKeyFile, AProjectIsNoPath) {
  EXPECT_THROW((void)KeyFile::parse(R"({"type":"authorized_user","client_id":"i","client_secret":"s",
                                        "refresh_token":"r","quota_project_id":"../../other"})"),
               Failure);
  const stoker_field project = field("project", "a/b");
  EXPECT_THROW(GcpCloud{Config(&project, 1)}, Failure);
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

TEST(GcpAccess, TheMetadataServerGivesTokenAndProject) {
  ScriptedApi api([](const std::string&, const std::string& path, const std::string&) {
    if (path.ends_with("/token")) return Reply{200, R"({"access_token":"ya29.m","expires_in":3599})"};
    if (path.ends_with("/project-id")) return Reply{200, "my-project"};
    return Reply{200, R"({"name":"my-project"})"};
  });
  const stoker_field source = field("source", "metadata");
  GcpCloud gcp{Config(&source, 1)};
  EXPECT_EQ(gcp.validate(api.call).id, "my-project");
  EXPECT_THAT(api.requests, ElementsAre("GET /computeMetadata/v1/project/project-id",
                                        "GET /computeMetadata/v1/instance/service-accounts/default/token",
                                        "GET /compute/v1/projects/my-project"));
  EXPECT_EQ(api.authorization, "Bearer ya29.m");
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
