#include "plugins/aws/aws_cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/scripted_api.h"

namespace stoker::aws {
namespace {

using test::Instances;
using test::Offers;
using test::Reply;
using test::ResourceList;
using test::ScriptedApi;
using testing::HasSubstr;

constexpr char kOwner[] = "0123456789abcdef", kToken[] = "stk-01234567-j-1";
constexpr char kPlace[] = "1 subnet-a vpc-a ami-a /dev/sda1 60";

std::string answer(const std::string& action, const std::string& inside) {
  return "<" + action + "Response xmlns=\"x\"><requestId>r</requestId>" + inside + "</" + action + "Response>";
}
std::string error(const std::string& code, const std::string& message = "m") {
  return "<Response><Errors><Error><Code>" + code + "</Code><Message>" + message +
         "</Message></Error></Errors><RequestID>r</RequestID></Response>";
}
std::string product(const std::string& machine, const std::string& usd) {
  const std::string inner =
      R"({"product":{"attributes":{"instanceType":")" + machine +
      R"("}},"terms":{"OnDemand":{"a":{"priceDimensions":{"b":{"unit":"Hrs","pricePerUnit":{"USD":")" + usd +
      R"("}}}}}}})";
  std::string quoted;
  for (const char c : inner) quoted += c == '"' ? "\\\"" : std::string(1, c);
  return "\"" + quoted + "\"";
}

// One region of AWS, with one machine type in two zones; `answers` by action come before what it says by itself.
class Region {
 public:
  std::map<std::string, Reply> answers;
  std::vector<std::string> actions;
  std::map<std::string, std::string> bodies;  // the last of each action
  std::vector<std::pair<std::string, std::string>> config{{"access_key_id", "AKIAEXAMPLE"}};
  ScriptedApi api{[this](const std::string&, const std::string&, const std::string& body) { return reply(body); }};

  Region() { api.secrets = {{"secret_access_key", "canary"}}; }

  AwsCloud cloud() {
    fields_.clear();
    for (const auto& [key, value] : config) fields_.push_back(field(key, value));
    return AwsCloud(Config(fields_.data(), fields_.size()));
  }
  // "status [field] message | hint" or "ok"
  template <class Act>
  std::string outcome(Act&& act) {
    try {
      AwsCloud made = cloud();
      act(made);
      return "ok";
    } catch (const Failure& failure) {
      stoker_call call;
      failure.report(&call);
      return std::to_string(call.status) + " [" + call.config_key + "] " + call.message + " | " + call.hint;
    }
  }
  CreateRequest request() const {
    CreateRequest made;
    made.client_token = made.name = kToken;
    made.owner = kOwner;
    made.offer_id = "p5.4xlarge@us-east-1a";
    made.offer_opaque = kPlace;
    made.region = "us-east-1";
    made.zone = "us-east-1a";
    made.user_data = "#cloud-config\n";
    return made;
  }
  std::string create(const CreateRequest& wanted) {
    Instances made;
    return outcome([&](AwsCloud& cloud) { cloud.create(api.call, wanted, made.emit()); });
  }

 private:
  static std::string usual(const std::string& action) {
    if (action == "DescribeInstanceTypes")
      return answer(
          action,
          "<instanceTypeSet><item><instanceType>p5.4xlarge</instanceType><vCpuInfo><defaultVCpus>16</"
          "defaultVCpus></vCpuInfo><memoryInfo><sizeInMiB>262144</sizeInMiB></memoryInfo><processorInfo>"
          "<supportedArchitectures><item>x86_64</item></supportedArchitectures></processorInfo><gpuInfo><gpus>"
          "<item><name>H100</name><manufacturer>NVIDIA</manufacturer><count>1</count><memoryInfo><sizeInMiB>"
          "81920</sizeInMiB></memoryInfo></item></gpus></gpuInfo></item></instanceTypeSet>");
    if (action == "DescribeInstanceTypeOfferings")
      return answer(
          action,
          "<instanceTypeOfferingSet><item><instanceType>p5.4xlarge</instanceType><location>us-east-1a</location>"
          "</item><item><instanceType>p5.4xlarge</instanceType><location>us-east-1b</location></item>"
          "</instanceTypeOfferingSet>");
    if (action == "DescribeSubnets")
      return answer(action,
                    "<subnetSet><item><subnetId>subnet-a</subnetId><vpcId>vpc-a</vpcId><availabilityZone>us-east-1a</"
                    "availabilityZone></item><item><subnetId>subnet-b</subnetId><vpcId>vpc-a</vpcId><availabilityZone>"
                    "us-east-1b</availabilityZone></item></subnetSet>");
    if (action == "DescribeImages")
      return answer(
          action,
          "<imagesSet><item><imageId>ami-a</imageId><rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping>"
          "<item><deviceName>/dev/sda1</deviceName><ebs><volumeSize>60</volumeSize></ebs></item>"
          "</blockDeviceMapping></item></imagesSet>");
    if (action == "DescribeSpotPriceHistory")
      return answer(
          action,
          "<spotPriceHistorySet><item><instanceType>p5.4xlarge</instanceType><availabilityZone>us-east-1a</"
          "availabilityZone><spotPrice>2.5</spotPrice><timestamp>2026-11-27T01:00:00Z</timestamp></item><item>"
          "<instanceType>p5.4xlarge</instanceType><availabilityZone>us-east-1a</availabilityZone><spotPrice>9"
          "</spotPrice><timestamp>2026-11-26T01:00:00Z</timestamp></item></spotPriceHistorySet>");
    if (action == "CreateSecurityGroup") return answer(action, "<groupId>sg-1</groupId>");
    if (action == "AuthorizeSecurityGroupIngress") return answer(action, "<return>true</return>");
    if (action == "RunInstances")
      return answer(action,
                    "<instancesSet><item><instanceId>i-1</instanceId><instanceState><name>pending</name>"
                    "</instanceState></item></instancesSet>");
    if (action == "GetCallerIdentity")
      return "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:x</Arn><Account>123456789012</Account>"
             "</GetCallerIdentityResult></GetCallerIdentityResponse>";
    if (action == "AmazonSSM.GetParameter") return R"({"Parameter":{"Value":"ami-a"}})";
    if (action == "AWSPriceListService.GetProducts") return R"({"PriceList":[)" + product("p5.4xlarge", "6.88") + "]}";
    return answer(action, "");
  }
  Reply reply(const std::string& body) {
    const auto& sent = api.headers.back();
    const auto target = sent.find("X-Amz-Target");
    std::string action = target != sent.end() ? target->second : body.substr(7, body.find('&') - 7);
    actions.push_back(action);
    bodies[action] = body;
    EXPECT_EQ(body.find("canary"), std::string::npos);
    if (const auto given = answers.find(action); given != answers.end()) return given->second;
    if (body.find("DryRun=true") != std::string::npos) return {412, error("DryRunOperation")};
    return {200, usual(action)};
  }

  std::vector<stoker_field> fields_;
};

TEST(AwsOffers, AreOfAZoneAndKeepWhatTheirLaunchWillName) {
  Region region;
  Offers offers;
  region.cloud().list_offers(region.api.call, {}, offers.emit());
  ASSERT_EQ(offers.all.size(), 2U);
  EXPECT_EQ(offers.all[0].id, "p5.4xlarge@us-east-1a");
  EXPECT_EQ(offers.all[0].region, "us-east-1");
  EXPECT_EQ(offers.all[0].gpu_model, "H100");
  EXPECT_EQ(offers.all[0].gpu_mem_bytes, std::uint64_t{80} << 30);
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 6'880'000);
  EXPECT_EQ(offers.all[0].opaque, kPlace);
  EXPECT_EQ(offers.all[1].opaque, "1 subnet-b vpc-a ami-a /dev/sda1 60");
  EXPECT_TRUE(region.api.log().empty());
  EXPECT_THAT(region.bodies["AmazonSSM.GetParameter"], HasSubstr("/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/"));
}

TEST(AwsOffers, OfSpotMachinesHaveTheNewestPriceOfTheirZone) {
  Region region;
  Offers offers;
  OfferQuery spot;
  spot.spot = true;
  region.cloud().list_offers(region.api.call, spot, offers.emit());
  ASSERT_EQ(offers.all.size(), 1U);
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 2'500'000);
}

TEST(AwsOffers, WithoutThePriceListHaveThePricesOfADatedList) {
  Region region;
  region.answers["AWSPriceListService.GetProducts"] = {
      400, R"({"__type":"com.amazonaws#AccessDeniedException","Message":"no"})"};
  Offers offers;
  region.cloud().list_offers(region.api.call, {}, offers.emit());
  ASSERT_EQ(offers.all.size(), 2U);
  EXPECT_EQ(offers.all[0].price.per_hour.micros, 6'880'000);
  EXPECT_EQ(region.api.log(), std::vector<std::string>{
                                  "aws: reading prices (pricing:GetProducts): no (AccessDeniedException); prices are "
                                  "those of 2026-11 and may have changed"});
  region.config.emplace_back("regions", "eu-central-1");
  EXPECT_THAT(region.outcome([&](AwsCloud& cloud) { cloud.list_offers(region.api.call, {}, offers.emit()); }),
              testing::StartsWith(std::to_string(STOKER_E_FORBIDDEN) + " [secret_access_key] aws: reading prices"))
      << "that list is not of this region";
}

TEST(AwsOffers, AListThatIsNotWholeIsNoShorterList) {
  for (const auto& [body, how] : std::vector<std::pair<std::string, const char*>>{
           {answer("DescribeInstanceTypes", ""), "gave a list that is none"},
           {answer("DescribeInstanceTypes", "<instanceTypeSet/><nextToken>t</nextToken>"),
            "gave a list that has no end"},
           {answer("DescribeInstanceTypes", "<instanceTypeSet><item/></instanceTypeSet>"), "without a name"},
           {answer("DescribeInstanceTypes",
                   "<instanceTypeSet><item><instanceType>a</instanceType></item><item>"
                   "<instanceType>a</instanceType></item></instanceTypeSet>"),
            "has an item twice"},
           {answer("DescribeVpcs", ""), "answered with something else than DescribeInstanceTypes does"},
           {"<html></html>", "answered with something else"},
           {"{}", "answered with something that is not XML"}}) {
    Region region;
    region.answers["DescribeInstanceTypes"] = {200, body};
    Offers offers;
    const std::string told =
        region.outcome([&](AwsCloud& cloud) { cloud.list_offers(region.api.call, {}, offers.emit()); });
    EXPECT_THAT(told, testing::StartsWith(std::to_string(STOKER_E_UNAVAILABLE))) << body;
    EXPECT_THAT(told, HasSubstr(how));
  }
}

TEST(AwsLaunch, SaysAllThatKeepsItSafe) {
  Region region;
  EXPECT_EQ(region.create(region.request()), "ok");
  const std::string& body = region.bodies["RunInstances"];
  for (const char* part :
       {"ClientToken=stk-01234567-j-1&", "&InstanceType=p5.4xlarge&", "&ImageId=ami-a&",
        "&InstanceInitiatedShutdownBehavior=terminate&", "&MetadataOptions.HttpTokens=required&",
        "&NetworkInterface.1.SubnetId=subnet-a&", "&NetworkInterface.1.SecurityGroupId.1=sg-1&",
        "&BlockDeviceMapping.1.Ebs.DeleteOnTermination=true&", "&BlockDeviceMapping.1.Ebs.VolumeSize=200&",
        "&UserData=I2Nsb3VkLWNvbmZpZwo%3D&", "&TagSpecification.2.ResourceType=volume&"})
    EXPECT_THAT("&" + body, HasSubstr(part));
  EXPECT_EQ(body.find("KeyName"), std::string::npos);
  EXPECT_EQ(body.find("MarketType"), std::string::npos);
  EXPECT_EQ(region.actions,
            (std::vector<std::string>{"CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "RunInstances"}));
  const std::string first = body;
  EXPECT_EQ(region.create(region.request()), "ok");
  EXPECT_EQ(region.bodies["RunInstances"], first) << "to the letter, or the token would not fit";
}

TEST(AwsLaunch, OfASpotMachineIsOneTime) {
  Region region;
  CreateRequest request = region.request();
  request.spot = true;
  request.max_per_hour.micros = 2'600'000;
  EXPECT_EQ(region.create(request), "ok");
  EXPECT_THAT(region.bodies["RunInstances"], HasSubstr("&InstanceMarketOptions.MarketType=spot&"));
  EXPECT_THAT(region.bodies["RunInstances"], HasSubstr("SpotOptions.SpotInstanceType=one-time"));
  request.max_per_hour.micros = 2'400'000;
  EXPECT_THAT(region.create(request), testing::StartsWith(std::to_string(STOKER_E_NO_CAPACITY)));
}

TEST(AwsLaunch, APriceThatJumpedMakesNothing) {
  Region region;
  region.answers["AWSPriceListService.GetProducts"] = {200, R"({"PriceList":[)" + product("p5.4xlarge", "9.5") + "]}"};
  CreateRequest request = region.request();
  request.max_per_hour.micros = 6'948'800;
  EXPECT_EQ(region.create(request),
            std::to_string(STOKER_E_NO_CAPACITY) + " [] aws: p5.4xlarge costs more than was quoted | ");
  EXPECT_EQ(region.actions, std::vector<std::string>{"AWSPriceListService.GetProducts"});
}

TEST(AwsLaunch, ASecurityGroupOfAnEarlierTryIsTakenUp) {
  Region region;
  region.answers["CreateSecurityGroup"] = {400, error("InvalidGroup.Duplicate")};
  region.answers["AuthorizeSecurityGroupIngress"] = {400, error("InvalidPermission.Duplicate")};
  const auto listed = [&](const std::string& groups) {
    region.answers["DescribeSecurityGroups"] = {
        200, answer("DescribeSecurityGroups", "<securityGroupInfo>" + groups + "</securityGroupInfo>")};
  };
  listed("<item><groupId>sg-7</groupId></item>");
  EXPECT_EQ(region.create(region.request()), "ok");
  EXPECT_THAT(region.bodies["RunInstances"], HasSubstr("SecurityGroupId.1=sg-7&"));
  listed("");
  EXPECT_EQ(region.create(region.request()),
            std::to_string(STOKER_E_UNAVAILABLE) + " [] aws: the security group is not listed yet | ");
}

TEST(AwsLaunch, TheCodeDecidesAndNotTheStatus) {
  const auto status = [](int http, const std::string& body) {
    Region region;
    region.answers["RunInstances"] = {http, body};
    return std::stoi(region.create(region.request()));
  };
  EXPECT_EQ(status(500, error("InsufficientInstanceCapacity")), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(400, error("Unsupported")), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(400, error("VcpuLimitExceeded")), STOKER_E_QUOTA);
  EXPECT_EQ(status(503, error("RequestLimitExceeded")), STOKER_E_RATE_LIMITED);
  EXPECT_EQ(status(400, error("IdempotentParameterMismatch")), STOKER_E_CONFLICT);
  EXPECT_EQ(status(400, error("IdempotentInstanceTerminated")), STOKER_E_NO_CAPACITY);
  EXPECT_EQ(status(400, error("InvalidGroup.NotFound")), STOKER_E_UNAVAILABLE) << "it was made a moment ago";
  EXPECT_EQ(status(403, error("UnauthorizedOperation")), STOKER_E_FORBIDDEN);
  EXPECT_EQ(status(401, error("AuthFailure")), STOKER_E_AUTH);
  EXPECT_EQ(status(400, error("InvalidParameterValue")), STOKER_E_INVALID);
  for (const auto& [http, body] :
       std::vector<std::pair<int, std::string>>{{500, error("InternalError")},
                                                {502, "<html>"},
                                                {200, "<html>"},
                                                {200, answer("RunInstances", "")},
                                                {200, answer("RunInstances", "<instancesSet><item/></instancesSet>")},
                                                {302, ""},
                                                {408, ""}})
    EXPECT_EQ(status(http, body), STOKER_E_UNKNOWN_OUTCOME) << http << " " << body;
}

Instance looked_at(const std::string& inside) {
  Region region;
  region.answers["DescribeInstances"] = {
      200, answer("DescribeInstances", "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>" +
                                           inside + "</item></instancesSet></item></reservationSet>")};
  return region.cloud().get(region.api.call, {"i-1", "us-east-1", ""});
}

TEST(AwsMachine, EveryStateHasItsMeaningAndItsReason) {
  const auto of = [](const std::string& state, const std::string& reason = "") {
    return looked_at("<instanceState><name>" + state + "</name></instanceState><stateReason><code>" + reason +
                     "</code></stateReason>");
  };
  EXPECT_EQ(of("pending", "pending").state, STOKER_INSTANCE_PENDING);
  EXPECT_EQ(of("running").state, STOKER_INSTANCE_RUNNING);
  EXPECT_EQ(of("stopping").state, STOKER_INSTANCE_STOPPING);
  EXPECT_EQ(of("stopped").state, STOKER_INSTANCE_STOPPED);
  EXPECT_EQ(of("shutting-down").state, STOKER_INSTANCE_DELETING);
  EXPECT_EQ(of("terminated").state, STOKER_INSTANCE_GONE);
  EXPECT_EQ(of("dreaming").state, STOKER_INSTANCE_UNKNOWN);
  EXPECT_EQ(of("pending", "pending").status_text, "pending");
  EXPECT_EQ(of("terminated", "Server.SpotInstanceTermination").status_text,
            "terminated (Server.SpotInstanceTermination)");
}

TEST(AwsMachine, IsKnownByItsTags) {
  const Instance it = looked_at(
      "<ipAddress>198.51.100.2</ipAddress><placement><availabilityZone>us-east-1b</availabilityZone></"
      "placement><tagSet>"
      "<item><key>stk-token</key><value>stk-01234567-j-1</value></item><item><key>stk-deadline</key><value>1790000000"
      "</value></item></tagSet><launchTime>2026-11-27T06:00:00.000Z</launchTime>");
  EXPECT_EQ(it.client_token, kToken);
  EXPECT_EQ(it.deadline_ms, 1'790'000'000'000);
  EXPECT_EQ(it.zone, "us-east-1b");
  EXPECT_EQ(it.ssh_user, "ubuntu");
  EXPECT_EQ(it.created_ms, 1'795'759'200'000);
  EXPECT_EQ(looked_at("<clientToken>stk-01234567-j-2</clientToken>").client_token, "stk-01234567-j-2");
}

TEST(AwsMachine, OneThatIsNotThereIsNotFoundAndOnlyThen) {
  const auto get = [](int http, const std::string& body) {
    Region region;
    region.answers["DescribeInstances"] = {http, body};
    return region.outcome([&](AwsCloud& cloud) { (void)cloud.get(region.api.call, {"i-2", "", ""}); });
  };
  EXPECT_EQ(std::stoi(get(400, error("InvalidInstanceID.NotFound"))), STOKER_E_NOT_FOUND);
  EXPECT_EQ(get(200, answer("DescribeInstances", "<reservationSet/>")),
            std::to_string(STOKER_E_UNAVAILABLE) +
                " [] aws: looking at a machine (ec2:DescribeInstances) gave another, or none | ");
}

TEST(AwsMachine, AllRegionsAreSearched) {
  Region region;
  region.config.emplace_back("regions", " us-east-1, eu-west-1,");
  region.answers["DescribeInstances"] = {
      200, answer("DescribeInstances",
                  "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><clientToken>"
                  "stk-01234567-j-1</clientToken></item><item><instanceId>i-2</instanceId><clientToken>"
                  "stk-76543210-j-1</clientToken></item></instancesSet></item></reservationSet>")};
  Instances found;
  region.cloud().find(region.api.call, {kOwner, ""}, found.emit());
  EXPECT_EQ(found.all.size(), 1U);
  ASSERT_EQ(region.api.headers.size(), 2U);
  EXPECT_EQ(region.api.headers[0].at("url"), "https://ec2.us-east-1.amazonaws.com/");
  EXPECT_EQ(region.api.headers[1].at("url"), "https://ec2.eu-west-1.amazonaws.com/");
  EXPECT_THAT(region.bodies["DescribeInstances"],
              HasSubstr("Filter.1.Name=tag%3Astk-owner&Filter.1.Value.1=" + std::string(kOwner)));
  region.config.back().second = "us-east-1/evil";
  EXPECT_THAT(region.outcome([](AwsCloud&) {}), HasSubstr("[regions] aws: us-east-1/evil is no region"));
}

TEST(AwsAccount, IsThatOfTheKeyAndItsPermissionsAreAskedForDry) {
  Region region;
  EXPECT_EQ(region.cloud().validate(region.api.call).id, "123456789012");
  for (const char* action : {"RunInstances", "TerminateInstances", "CreateSecurityGroup", "DeleteSecurityGroup"})
    EXPECT_THAT(region.bodies[action], HasSubstr("&DryRun=true"));
  region.answers["TerminateInstances"] = {403, error("UnauthorizedOperation", "not allowed")};
  EXPECT_EQ(region.outcome([&](AwsCloud& cloud) { (void)cloud.validate(region.api.call); }),
            std::to_string(STOKER_E_FORBIDDEN) +
                " [secret_access_key] aws: terminating (ec2:TerminateInstances): not allowed (UnauthorizedOperation) | "
                "allow the permission in brackets to the owner of the account's key AKIAEXAMPLE");
}

TEST(AwsAccount, WithoutADefaultVpcIsToldToNameSubnets) {
  Region region;
  region.answers["DescribeSubnets"] = {200, answer("DescribeSubnets", "<subnetSet/>")};
  EXPECT_THAT(region.outcome([&](AwsCloud& cloud) { (void)cloud.validate(region.api.call); }),
              HasSubstr("[subnets] aws: us-east-1 has no default VPC with a subnet | name subnets of yours"));
}

TEST(AwsAccount, AWrongKeyAndASessionThatIsOverAreToldApart) {
  const auto told = [](int status, const std::string& code) {
    Region region;
    region.answers["GetCallerIdentity"] = {status, "<ErrorResponse><Error><Type>Sender</Type><Code>" + code +
                                                       "</Code><Message>m</Message></Error></ErrorResponse>"};
    return region.outcome([&](AwsCloud& cloud) { (void)cloud.validate(region.api.call); });
  };
  EXPECT_EQ(
      told(403, "SignatureDoesNotMatch"),
      std::to_string(STOKER_E_AUTH) +
          " [secret_access_key] aws: asking whose key it is (sts:GetCallerIdentity): m (SignatureDoesNotMatch) | it "
          "was signed with the account's key AKIAEXAMPLE; correct it, or make a new one under IAM, Security "
          "credentials");
  EXPECT_THAT(told(403, "ExpiredToken"), HasSubstr("whose session is over; make a new one and give it to the account"));
}

// The `Date` of the answer tells a wrong clock from a wrong key.
TEST(AwsAccount, AClockThatIsWrongIsNamedAndWorkedAround) {
  Region region;
  const std::int64_t theirs = region.api.call.wall_ms() + 3'600'000;
  std::string date = amz_date(theirs);
  const std::string months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  date = "Fri, " + date.substr(6, 2) + " " + months.substr(3 * (std::stoul(date.substr(4, 2)) - 1), 3) + " " +
         date.substr(0, 4) + " " + date.substr(9, 2) + ":" + date.substr(11, 2) + ":" + date.substr(13, 2) + " GMT";
  EXPECT_NEAR(static_cast<double>(parse_http_date(date)), static_cast<double>(theirs), 1000);
  AwsCloud cloud = region.cloud();
  region.answers["DescribeInstances"] = {400, error("RequestExpired"), {{"date", date}}};
  Instances found;
  EXPECT_THROW(cloud.find(region.api.call, {kOwner, ""}, found.emit()), Failure);
  ASSERT_EQ(region.api.headers.size(), 2U) << "signed anew by their clock";
  EXPECT_EQ(region.api.headers[1].at("X-Amz-Date").substr(0, 11), amz_date(theirs).substr(0, 11));
  EXPECT_THAT(region.api.log().at(0), HasSubstr("the clock of this machine is 60 minutes behind AWS's"));
  try {
    (void)cloud.validate(region.api.call);
    ADD_FAILURE() << "deadlines and bills rest on this clock";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.message(), "aws: the clock of this machine is 60 minutes behind AWS's");
  }
}

TEST(AwsApi, TheEndpointVariablesOfAwsAreFollowed) {
  Region region;
  ::setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/", 1);
  ::setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:4577", 1);
  (void)region.outcome([&](AwsCloud& cloud) { (void)cloud.validate(region.api.call); });
  ::unsetenv("AWS_ENDPOINT_URL");
  ::unsetenv("AWS_ENDPOINT_URL_STS");
  ASSERT_GT(region.api.headers.size(), 1U);
  EXPECT_EQ(region.api.headers[0].at("url"), "http://127.0.0.1:4577/");
  EXPECT_EQ(region.api.headers[1].at("url"), "http://127.0.0.1:4566/");
}

TEST(AwsPrices, OnlyWhatIsByTheHourInUsdIsAPrice) {
  const auto price = [](const std::string& text) {
    std::string machine;
    std::int64_t micros = 0;
    return read_product(text, machine, micros) ? machine + " " + std::to_string(micros) : "none";
  };
  const auto of = [](const std::string& dimension) {
    return R"({"product":{"attributes":{"instanceType":"m"}},"terms":{"OnDemand":{"a":{"priceDimensions":{"b":)" +
           dimension + "}}}}}";
  };
  EXPECT_EQ(price(of(R"({"unit":"Hrs","pricePerUnit":{"USD":"21.9576420000"}})")), "m 21957642");
  for (const char* odd :
       {R"({"unit":"Hrs","pricePerUnit":{"CNY":"1"}})", R"({"unit":"Quantity","pricePerUnit":{"USD":"1"}})",
        R"({"unit":"Hrs","pricePerUnit":{"USD":"0.0"}})", R"({"unit":"Hrs","pricePerUnit":{"USD":"-1"}})",
        R"({"unit":"Hrs","pricePerUnit":{"USD":"nan"}})", R"({"unit":"Hrs","pricePerUnit":{"USD":"1x"}})"})
    EXPECT_EQ(price(of(odd)), "none") << odd;
  EXPECT_EQ(price("<html>"), "none");
}

TEST(AwsPlace, AnOfferOfAnotherVersionIsRefused) {
  for (const char* opaque : {"", "2 a b c d 1", "1 a b c d x", "1 a b c d", "nonsense"})
    EXPECT_THROW((void)Place::parse(opaque), Failure) << opaque;
  EXPECT_EQ(Place::parse(kPlace).opaque(), kPlace);
}

}  // namespace
}  // namespace stoker::aws
