#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/vast/contract.h"
#include "plugins/vast/refusal.h"
#include "plugins/vast/vast_cloud.h"
#include "tests/plugins/scripted_api.h"

namespace stoker::vast {
namespace {

using test::Instances;
using test::Offers;
using test::Reply;
using test::ScriptedApi;
using testing::HasSubstr;

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20, kGiga = 1'000'000'000;
constexpr char kOwner[] = "0123456789abcdef";

Json json(const std::string& text) { return Json::parse(text, "test", STOKER_E_INTERNAL); }

// `more` goes first: of two members of one name the first counts.
std::string ask(int id, const std::string& more = "") {
  return "{" + more + R"("id":1,"ask_contract_id":)" + std::to_string(id) +
         R"(,"num_gpus":2,"gpu_name":"H100 SXM","gpu_ram":81559,"cpu_arch":"amd64","cpu_cores":192,
          "cpu_cores_effective":24.5,"cpu_ram":1920000,"disk_space":900.0,"dph_total":1.89,"inet_up_cost":0.002,
          "inet_down_cost":0.001,"direct_port_count":20,"reliability2":0.99,"verification":"verified","rentable":true,
          "rented":false,"geolocation":"Texas, US","end_date":1798761600.0})";
}

std::optional<Offer> offer(const std::string& more = "", double reliability = 0.97) {
  return offer_of(json(ask(7, more)), {reliability, false}, 32);
}

TEST(Ask, IsAnOfferWithItsShareOfTheMachine) {
  const auto it = offer();
  ASSERT_TRUE(it);
  EXPECT_EQ(it->id, "7") << "an ask is found again by ask_contract_id only";
  EXPECT_EQ(it->machine, "2x_H100_SXM");
  EXPECT_EQ(it->region, "US");
  EXPECT_EQ(it->gpu_count, 2U);
  EXPECT_EQ(it->gpu_mem_bytes, 81559 * kMebi);
  EXPECT_EQ(it->vcpus, 24U);
  EXPECT_EQ(it->mem_bytes, 245'000 * kMebi);
  EXPECT_EQ(it->disk_bytes, 32 * kGiga) << "what is rented, not what the host has";
  EXPECT_EQ(it->cpu_arch, "x86_64");
}

TEST(Ask, ItsPriceHasTheTraffic) {
  EXPECT_EQ(offer()->price.per_hour.micros, 1'890'000 + 10 * 1'000 + 2 * 2'000);
  EXPECT_EQ(offer(R"("inet_up_cost":-5,"inet_down_cost":null,)")->price.per_hour.micros, 1'890'000);
}

TEST(Ask, WhatIsNotToBeRentedOrReliedOnIsNoOffer) {
  for (const char* more :
       {R"("reliability2":0.9,)", R"("verification":"unverified",)", R"("rentable":false,)", R"("rented":true,)",
        R"("direct_port_count":0,)", R"("disk_space":31.9,)", R"("cpu_cores":null,)", R"("cpu_cores_effective":0.5,)",
        R"("cpu_cores_effective":1000,)", R"("num_gpus":0,)", R"("num_gpus":-1,)", R"("num_gpus":1e30,)",
        R"("dph_total":0,)", R"("dph_total":-1,)", R"("dph_total":1e300,)", R"("dph_total":null,)",
        R"("dph_total":"1.89",)"})
    EXPECT_FALSE(offer(more)) << more;
  EXPECT_TRUE(offer(R"("reliability2":0.9,)", 0.8)) << "as the account has it";
  EXPECT_EQ(offer(R"("geolocation":null,)")->region, "");
  EXPECT_EQ(offer(R"("geolocation":"JP",)")->region, "JP");
  EXPECT_EQ(offer(R"("gpu_name":"RTX 6000Ada",)")->gpu_model, "RTX 6000 Ada");
}

TEST(Ask, ASearchAsksForTheNamesThatMayBeTheModel) {
  OfferQuery query;
  query.gpu_model = "A100-80GB";
  query.min_gpus = 2;
  query.region = "US";
  query.min_disk_bytes = 200 * kGiga + 1;
  query.max_per_hour.micros = 4'000'000;
  const Json body = json(search_body(query, {0.98, true}, 1.5));
  std::vector<std::string> names;
  for (const Json& name : body["gpu_name"]["in"].items()) names.push_back(name.text());
  EXPECT_THAT(names, testing::Contains("A100 SXM4"));
  EXPECT_THAT(names, testing::Not(testing::Contains("H100 SXM")));
  EXPECT_EQ(body["num_gpus"]["gte"].real(), 2);
  EXPECT_EQ(body["reliability2"]["gte"].real(), 0.98);
  EXPECT_TRUE(body["datacenter"]["eq"].boolean(false));
  EXPECT_EQ(body["geolocation"]["in"].items().at(0).text(), "US");
  EXPECT_EQ(body["allocated_storage"].integer(), 201) << "the price has the disk in it";
  EXPECT_EQ(body["dph_total"]["gte"].real(), 1.5);
  EXPECT_EQ(body["dph_total"]["lte"].real(), 4);
  query.gpu_model = "XPU-9000";
  EXPECT_FALSE(json(search_body(query, {}, 0))["gpu_name"].exists()) << "a name that is not known yet";
}

TEST(Contract, EveryStatusHasItsState) {
  const auto state = [](const std::string& members) { return instance_of(json("{\"id\":1," + members + "}")).state; };
  const auto status = [&](const std::string& actual) { return state(R"("actual_status":")" + actual + "\""); };
  EXPECT_EQ(state(R"("actual_status":null)"), STOKER_INSTANCE_PENDING);
  EXPECT_EQ(status("created"), STOKER_INSTANCE_PENDING);
  EXPECT_EQ(status("loading"), STOKER_INSTANCE_PENDING);
  EXPECT_EQ(status("rebooting"), STOKER_INSTANCE_PENDING);
  EXPECT_EQ(status("running"), STOKER_INSTANCE_RUNNING);
  EXPECT_EQ(status("stopped"), STOKER_INSTANCE_STOPPED);
  EXPECT_EQ(status("exited"), STOKER_INSTANCE_FAILED);
  for (const char* other : {"offline", "unknown", "frozen", "dreaming"})
    EXPECT_EQ(status(other), STOKER_INSTANCE_UNKNOWN) << other << ": it may come back";
  EXPECT_EQ(state(R"("actual_status":null,"intended_status":"stopped","cur_state":"stopped")"),
            STOKER_INSTANCE_STOPPED);
  EXPECT_EQ(state(R"("actual_status":"loading","status_msg":"Error: Manifest Unknown")"), STOKER_INSTANCE_FAILED);
  EXPECT_EQ(state(R"("actual_status":"running","status_msg":"manifest unknown, long ago")"), STOKER_INSTANCE_RUNNING);
}

TEST(Contract, IsReachedStraightOrOverTheProxy) {
  const auto place = [](const std::string& members) {
    const Instance it = instance_of(
        json(R"({"id":1,"actual_status":"running","ssh_host":"ssh5.vast.ai","ssh_port":13456,)" + members + "}"));
    return it.ssh_user + "@" + it.ssh_host + ":" + std::to_string(it.ssh_port);
  };
  EXPECT_EQ(place(R"("public_ipaddr":" 192.0.2.45\n","ports":{"22/tcp":[{"HostPort":"20001"}]})"),
            "root@192.0.2.45:20001");
  EXPECT_EQ(place(R"("public_ipaddr":"192.0.2.45","ports":{"22/tcp":[{"HostPort":20001}]})"), "root@192.0.2.45:20001");
  for (const char* port : {"\"\"", "\"x\"", "\"70000\"", "\"-1\"", "null", "\"22 \"", "{}"})
    EXPECT_EQ(place(std::string(R"("public_ipaddr":"192.0.2.45","ports":{"22/tcp":[{"HostPort":)") + port + "}]}"),
              "root@ssh5.vast.ai:13456")
        << port;
  EXPECT_EQ(place(R"("ports":null)"), "root@ssh5.vast.ai:13456");
  EXPECT_EQ(instance_of(json(R"({"id":1,"actual_status":"running"})")).ssh_host, "") << "neither is told yet";
}

TEST(Contract, IsKnownByItsLabel) {
  CreateRequest request;
  request.client_token = "stk-01234567-j-1";
  request.deadline_ms = 1'790'000'000'123;
  EXPECT_EQ(label_of(request), "stk-01234567-j-1:1790000000");
  const Instance it =
      instance_of(json(R"({"id":5,"label":"stk-01234567-j-1:1790000000","start_date":1793527205.1,"dph_total":1.5})"));
  EXPECT_EQ(it.client_token, "stk-01234567-j-1");
  EXPECT_EQ(it.deadline_ms, 1'790'000'000'000);
  EXPECT_EQ(it.created_ms, 1'793'527'205'100);
  EXPECT_EQ(it.price.per_hour.micros, 1'500'000);
  EXPECT_EQ(instance_of(json(R"({"id":5,"label":"mine"})")).client_token, "mine");
  EXPECT_EQ(instance_of(json(R"({"id":5,"label":null})")).client_token, "");
}

TEST(Contract, AStartScriptThatIsTooLongIsRefused) {
  CreateRequest request;
  const std::string longer(4000, '#');
  request.user_data = longer;
  try {
    (void)contract_body(request);
    ADD_FAILURE();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_INVALID);
    EXPECT_THAT(failure.message(), HasSubstr("and 4048 are allowed"));
  }
}

TEST(Refusal, TheCodeDecidesWhateverTheStatusIs) {
  const auto meaning = [](int status, const std::string& body) {
    const auto failure = refusal({status, json(body)}, "x");
    return failure ? failure->status() : STOKER_OK;
  };
  const auto code = [](const std::string& name) { return R"({"success":false,"error":")" + name + R"(","msg":"m"})"; };
  for (const int status : {200, 401, 403, 404}) EXPECT_EQ(meaning(status, code("auth_error")), STOKER_E_AUTH);
  for (const int status : {200, 400, 404, 410}) EXPECT_EQ(meaning(status, code("no_such_ask")), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(meaning(400, R"({"error":"invalid_args","msg":"error 404: no_such_ask 7"})"), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(meaning(400, code("invalid_args")), STOKER_E_INVALID);
  EXPECT_EQ(meaning(410, code("deprecated_endpoint")), STOKER_E_UNSUPPORTED) << "never an empty list";
  EXPECT_EQ(meaning(400, code("insufficient_credit")), STOKER_E_QUOTA);
  EXPECT_EQ(meaning(400, code("spend_rate_limit")), STOKER_E_QUOTA);
  EXPECT_EQ(meaning(404, code("no_such_instance")), STOKER_E_NOT_FOUND);
  EXPECT_EQ(meaning(404, "{}"), STOKER_E_UNAVAILABLE) << "some page is missing, not the instance";
  EXPECT_EQ(meaning(403, code("something")), STOKER_E_FORBIDDEN);
  EXPECT_EQ(meaning(429, R"({"detail":"threshold=4.5"})"), STOKER_E_RATE_LIMITED);
  EXPECT_EQ(meaning(500, code("something")), STOKER_OK) << "the status must do";
}

template <class Act>
std::string outcome(const test::ScriptedApi::Answer& answer, Act&& act) {
  ScriptedApi api(answer);
  VastCloud cloud{Config(nullptr, 0)};
  try {
    act(cloud, api.call);
    return "ok";
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.message();
  }
}

void find_all(VastCloud& cloud, Call& call) {
  Instances all;
  cloud.find(call, {kOwner, ""}, all.emit());
}

TEST(Vast, TheListIsReadToItsEnd) {
  ScriptedApi api([](const std::string&, const std::string& path, const std::string&) {
    if (path.find("after_token") == std::string::npos)
      return Reply{200,
                   R"({"success":true,"total_instances":3,"next_token":"a+/=","instances":[
          {"id":1,"label":"stk-01234567-j-1:1"},{"id":2,"label":"theirs"}]})"};
    return Reply{
        200,
        R"({"success":true,"total_instances":3,"next_token":null,"instances":[{"id":3,"label":"stk-01234567-j-2:1"}]})"};
  });
  VastCloud cloud{Config(nullptr, 0)};
  Instances found;
  cloud.find(api.call, {kOwner, ""}, found.emit());
  ASSERT_EQ(found.all.size(), 2U);
  EXPECT_EQ(found.all[1].id, "3");
  EXPECT_EQ(api.requests, (std::vector<std::string>{"GET /api/v1/instances/?limit=25",
                                                    "GET /api/v1/instances/?limit=25&after_token=a%2B%2F%3D"}));
}

TEST(Vast, AListThatIsNotWholeIsNoList) {
  const std::string begin =
      std::to_string(STOKER_E_UNAVAILABLE) + " vast: listing instances (instance_read) gave a list that ";
  const auto with = [](const std::string& body) { return [body](auto&&...) { return Reply{200, body}; }; };
  EXPECT_EQ(outcome(with(R"({"instances":[],"total_instances":1})"), find_all), begin + "is not whole");
  EXPECT_EQ(outcome(with(R"({"instances":[{"id":1}],"next_token":"x"})"), find_all), begin + "has an item twice");
  EXPECT_EQ(outcome(with(R"({"instances":[{"label":"x"}]})"), find_all), begin + "has an item without an id");
  EXPECT_EQ(outcome(with(R"({"instances":null})"), find_all), begin + "is none");
  EXPECT_EQ(outcome(with("{}"), find_all), begin + "is none");
  EXPECT_EQ(outcome(with(R"({"instances":[],"next_token":"x"})"), find_all), begin + "has no end");
  EXPECT_EQ(outcome(with(R"({"instances":[],"total_instances":0})"), find_all), "ok");
}

TEST(Vast, ARefusalOfStatus200IsNoSuccess) {
  const auto refused = [](auto&&...) { return Reply{200, R"({"success":false,"error":"auth_error","msg":"bad"})"}; };
  const std::string auth = std::to_string(STOKER_E_AUTH) + " vast: ";
  EXPECT_EQ(outcome(refused, find_all), auth + "listing instances (instance_read): bad");
  EXPECT_EQ(outcome(refused, [](VastCloud& cloud, Call& call) { cloud.remove(call, {"1", "", ""}); }),
            auth + "deleting an instance (instance_write): bad");
  const auto unsaid = [](auto&&...) { return Reply{200, R"({"success":false})"}; };
  EXPECT_EQ(outcome(unsaid, [](VastCloud& cloud, Call& call) { cloud.remove(call, {"1", "", ""}); }),
            std::to_string(STOKER_E_UNAVAILABLE) +
                " vast: deleting an instance (instance_write) was refused without a reason");
}

TEST(Vast, NullIsGoneAndNothingIsUnknown) {
  const auto get = [](const std::string& body) {
    return outcome([&](auto&&...) { return Reply{200, body}; },
                   [](VastCloud& cloud, Call& call) { (void)cloud.get(call, {"5", "", ""}); });
  };
  EXPECT_THAT(get(R"({"instances":null})"), testing::StartsWith(std::to_string(STOKER_E_NOT_FOUND) + " "));
  for (const char* body : {"{}", "null", R"({"instances":{}})", R"({"instances":{"id":6}})", R"({"instances":[]})"})
    EXPECT_THAT(get(body), testing::StartsWith(std::to_string(STOKER_E_UNAVAILABLE) + " ")) << body;
  EXPECT_EQ(get(R"({"instances":{"id":5}})"), "ok");
}

// A search that is full goes on from the last price, and gives each ask once.
TEST(Vast, AFullSearchIsAskedAgain) {
  std::vector<double> floors;
  ScriptedApi api([&](const std::string&, const std::string&, const std::string& body) {
    const double floor = json(body)["dph_total"]["gte"].real().value_or(-1);
    floors.push_back(floor);
    std::string rows;
    for (int i = 0; i < (floor > 2 ? 3 : 64); ++i)
      rows += (i == 0 ? "" : ",") +
              ask(static_cast<int>(floor * 10) + i, "\"dph_total\":" + std::to_string(floor + 0.1 * (i + 1)) + ",");
    return Reply{200, "{\"offers\":[" + rows + "]}"};
  });
  VastCloud cloud{Config(nullptr, 0)};
  Offers offers;
  cloud.list_offers(api.call, {}, offers.emit());
  ASSERT_EQ(floors.size(), 2U);
  EXPECT_NEAR(floors[1], 6.4, 1e-9);
  EXPECT_EQ(offers.all.size(), 64U + 3U);
}

struct Created {
  std::string outcome;
  std::vector<Instance> made;
  std::vector<std::string> requests;
};

// A create whose search finds `row`, and whose rent is answered by `rent`.
Created create(const std::string& row, const Reply& rent, std::int64_t max_micros = 2'000'000,
               const std::string& label = "stk-01234567-j-1:1798700000") {
  ScriptedApi api([&](const std::string& method, const std::string& path, const std::string&) {
    if (path == "/api/v0/bundles/") return Reply{200, "{\"offers\":[" + row + "]}"};
    if (method == "GET") return Reply{200, R"({"instances":{"id":20123456,"label":")" + label + R"("}})"};
    return method == "PUT" ? rent : Reply{500, ""};
  });
  VastCloud cloud{Config(nullptr, 0)};
  CreateRequest request;
  request.offer_id = "7";
  request.client_token = request.name = "stk-01234567-j-1";
  request.max_per_hour.micros = max_micros;
  request.deadline_ms = 1'798'700'000'000;
  Created created{"ok", {}, {}};
  Instances made;
  try {
    cloud.create(api.call, request, made.emit());
  } catch (const Failure& failure) {
    created.outcome = std::to_string(failure.status()) + " " + failure.message();
  }
  created.made = made.all;
  created.requests = api.requests;
  return created;
}

TEST(Vast, WhatIsRentedIsEmittedEvenIfTheKeyCanNotBeAttached) {
  const Created it = create(ask(7), {200, R"({"success":true,"new_contract":20123456})"});
  EXPECT_EQ(it.outcome, "ok");
  ASSERT_EQ(it.made.size(), 1U);
  EXPECT_EQ(it.made[0].id, "20123456");
  EXPECT_EQ(it.made[0].client_token, "stk-01234567-j-1");
  EXPECT_EQ(it.requests,
            (std::vector<std::string>{"POST /api/v0/bundles/", "PUT /api/v0/asks/7/", "GET /api/v0/instances/20123456/",
                                      "POST /api/v0/instances/20123456/ssh/"}));
}

TEST(Vast, AnInstanceThatIsSomebodyElsesIsNotTouched) {
  const Created it = create(ask(7), {200, R"({"success":true,"new_contract":20123456})"}, 0, "theirs");
  EXPECT_EQ(it.made.size(), 1U) << "what was answered; the agent looks whether it is true";
  EXPECT_EQ(it.requests.back(), "GET /api/v0/instances/20123456/");
}

TEST(Vast, NothingIsRentedThatIsGoneDearerOrWithdrawnTooSoon) {
  const Reply good{200, R"({"success":true,"new_contract":1})"};
  const std::string none = std::to_string(STOKER_E_NO_CAPACITY) + " vast: ";
  EXPECT_EQ(create("", good).outcome, none + "the offer is gone");
  EXPECT_EQ(create(ask(8), good).outcome, none + "the offer is gone") << "another ask";
  EXPECT_EQ(create(ask(7, R"("rented":true,)"), good).outcome, none + "the offer is gone");
  EXPECT_EQ(create(ask(7), good, 1'900'000).outcome, none + "2x_H100_SXM costs more than was quoted");
  EXPECT_EQ(create(ask(7, R"("end_date":1798600000,)"), good).outcome,
            none + "2x_H100_SXM is withdrawn before the job would end");
  EXPECT_EQ(create("", good).requests.size(), 1U);
}

TEST(Vast, AnInstanceInsideARefusalIsEmitted) {
  for (const int status : {200, 400, 500}) {
    const Created it =
        create(ask(7), {status, R"({"success":false,"error":"invalid_price","msg":"low","new_contract":77})"});
    EXPECT_EQ(it.outcome, "ok") << status;
    ASSERT_EQ(it.made.size(), 1U) << status;
    EXPECT_EQ(it.made[0].id, "77");
  }
}

TEST(Vast, OnlyWhatIsSurelyRefusedIsARefusal) {
  const auto status = [](int http, const std::string& body) { return std::stoi(create(ask(7), {http, body}).outcome); };
  EXPECT_EQ(status(404, R"({"success":false,"error":"no_such_ask"})"), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(200, R"({"success":false,"error":"no_such_ask"})"), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(404, R"({"success":false,"error":"not_found"})"), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(400, R"({"success":false,"error":"insufficient_credit"})"), STOKER_E_QUOTA);
  for (const char* body : {"", "{}", "<html>", "null", R"({"success":true})", R"({"success":false})",
                           R"({"success":false,"error":"something new"})", R"({"success":true,"new_contract":{}})"})
    EXPECT_EQ(status(200, body), STOKER_E_UNKNOWN_OUTCOME) << body;
  EXPECT_EQ(status(500, R"({"success":false,"error":"server_error"})"), STOKER_E_UNKNOWN_OUTCOME);
}

TEST(Vast, ASettingThatMakesNoSenseIsRefused) {
  for (const char* value : {"97", "-0.1", "high", "nan"}) {
    const stoker_field field{str("min_reliability"), {STOKER_TEXT, 0, {.s = str(value)}}};
    try {
      VastCloud cloud{Config(&field, 1)};
      ADD_FAILURE() << value;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), STOKER_E_INVALID) << value;
    }
  }
}

}  // namespace
}  // namespace stoker::vast
