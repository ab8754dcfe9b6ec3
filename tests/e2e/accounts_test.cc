// Connecting accounts: what is checked against the cloud, what is kept, and what is said when it does not do.
#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {
namespace {

class ConnectedAccounts : public CloudTest {
 protected:
  void SetUp() override {
    CloudTest::SetUp();
    if (IsSkipped()) return;
    start_cloud(50, "none");
    enable({"lambda", "digitalocean"});
    start_fast_agent();
  }

  // "STATUS code field | detail | hint"
  static std::string problem(const Answer& answer) {
    const Json json = Json::parse(answer.body, "a problem");
    return std::to_string(answer.status) + " " + json["code"].text() + " " + json["field"].text() + " | " +
           json["detail"].text() + " | " + json["hint"].text();
  }
  [[nodiscard]] Words account_ids() const {
    Words ids;
    for (const Json& one : Json::parse(api().call("GET", "/v1/accounts").body, "accounts")["data"].items())
      ids.push_back(one["id"].text());
    return ids;
  }
  [[nodiscard]] Json offers(const std::string& query) const {
    return Json::parse(api().call("GET", "/v1/offers" + query).body, "offers");
  }
};

TEST_F(ConnectedAccounts, TheSetUpNamesFieldsAndPermissions) {
  const Json lambda = Json::parse(api().call("GET", "/v1/providers/lambda/setup").body, "setup");
  ASSERT_EQ(lambda["fields"].items().size(), 1U);
  EXPECT_EQ(lambda["fields"].items()[0]["key"].text(), "api_key");
  EXPECT_TRUE(lambda["fields"].items()[0]["secret"].boolean());
  const Json ocean = Json::parse(api().call("GET", "/v1/providers/digitalocean/setup").body, "setup");
  const auto permissions = ocean["permissions"].items();
  const auto has = [&](const char* name) {
    return std::any_of(permissions.begin(), permissions.end(), [&](const Json& one) { return one.text() == name; });
  };
  for (const char* name : {"droplet:create", "droplet:delete", "ssh_key:create", "tag:create"}) EXPECT_TRUE(has(name));
  EXPECT_EQ(problem(api().call("GET", "/v1/providers/lamda/setup")),
            "422 unsupported  | no provider lamda is known | did you mean lambda?");
}

TEST_F(ConnectedAccounts, AnAccountIsCheckedThenKeptAndNeverShown) {
  for (const char* cloud_name : kClouds) {
    const Answer made = post_account(cloud_name, " " + credential(cloud_name) + "\n");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.body.find(credential(cloud_name)), std::string::npos);
    EXPECT_EQ(Json::parse(made.body, "account")["state"].text(), "ok");
  }
  EXPECT_EQ(account_ids(), (Words{"lambda", "digitalocean"}));
  // The next agent has them still.
  stop_agent();
  start_fast_agent();
  for (const char* cloud_name : kClouds)
    EXPECT_EQ(
        Json::parse(api().call("POST", std::string("/v1/accounts/") + cloud_name + "/check").body, "account")["state"]
            .text(),
        "ok");
  EXPECT_EQ(api().call("DELETE", "/v1/accounts/lambda").status, 204);
  EXPECT_EQ(account_ids(), Words{"digitalocean"});
  for (const char* cloud_name : kClouds)
    EXPECT_EQ(content(state() / "stoker.db").find(credential(cloud_name)), std::string::npos);
}

TEST_F(ConnectedAccounts, AWrongCredentialIsRefusedWithTheFieldToBlame) {
  EXPECT_EQ(
      problem(post_account("lambda", "secret_made_up")),
      "422 auth api_key | lambda: checking the API key: API key was invalid, expired, or deleted. | make a new key at "
      "https://cloud.lambda.ai/api-keys and give it to the account");
  EXPECT_THAT(problem(post_account("lambda", credential("lambda", "inactive"))),
              testing::StartsWith("403 forbidden  | lambda: checking the API key: "));
  for (const char* which : {"expired", "revoked"}) {
    EXPECT_THAT(problem(post_account("lambda", credential("lambda", which))),
                testing::StartsWith("422 auth api_key | "));
    EXPECT_THAT(problem(post_account("digitalocean", credential("digitalocean", which))),
                testing::StartsWith("422 auth token | digitalocean: reading the account (account:read): "));
  }
  EXPECT_TRUE(account_ids().empty()) << "nothing of it is kept";
}

TEST_F(ConnectedAccounts, AMalformedCredentialIsRefusedBeforeAnythingIsSent) {
  const size_t before = history("\"request\"").size();
  EXPECT_EQ(problem(post_account("lambda", "  ")), "400 invalid api_key | api_key is empty | give the API key");
  EXPECT_THAT(problem(post_account("lambda", "two\nlines")), testing::StartsWith("400 invalid api_key | "));
  EXPECT_EQ(
      problem(api().call("POST", "/v1/accounts", R"({"provider":"digitalocean","values":{}})")),
      "400 invalid token | digitalocean needs token: API token | from the control panel, under API, Tokens: Generate "
      "New Token; begins with dop_v1_; see https://cloud.digitalocean.com/account/api/tokens");
  EXPECT_EQ(problem(api().call("POST", "/v1/accounts", R"({"provider":"digitalocean","values":{"tokn":"x"}})")),
            "400 invalid tokn | the set-up of digitalocean has no field tokn | did you mean token?");
  EXPECT_EQ(problem(api().call("POST", "/v1/accounts", R"({"provider":"local"})")),
            "400 invalid provider | local needs no account | it is set up in the configuration file");
  EXPECT_THAT(problem(api().call("POST", "/v1/accounts",
                                 R"({"provider":"digitalocean","values":{"token":"dop_v1_x","cloud":"azure"}})")),
              testing::StartsWith("400 invalid cloud | "));
  EXPECT_EQ(history("\"request\"").size(), before);
}

TEST_F(ConnectedAccounts, AMissingPermissionIsNamedAtOnce) {
  for (const char* scope : {"account:read", "droplet:read", "droplet:create", "droplet:delete", "ssh_key:read",
                            "ssh_key:create", "ssh_key:delete", "sizes:read", "tag:read", "tag:delete"}) {
    SCOPED_TRACE(scope);
    const Answer answer = post_account("digitalocean", token_without(scope));
    EXPECT_THAT(problem(answer), testing::StartsWith("403 forbidden token | digitalocean: "));
    EXPECT_THAT(problem(answer), testing::HasSubstr(scope));
    EXPECT_THAT(problem(answer), testing::HasSubstr("make a token with the permission in brackets"));
  }
  EXPECT_TRUE(account_ids().empty());
  EXPECT_EQ(judgement("digitalocean")["creates"].integer(), 0) << "asking for a permission makes nothing";
}

TEST_F(ConnectedAccounts, ACredentialIsChangedInPlaceOnceTheNewOneWorks) {
  connect("digitalocean");
  const std::string change = "/v1/accounts/digitalocean";
  EXPECT_THAT(problem(api().call("PATCH", change, R"({"values":{"token":"dop_v1_wrong"}})")),
              testing::StartsWith("422 auth token | "));
  EXPECT_GT(offers("?provider=digitalocean")["data"].items().size(), 0U) << "the old one still stands";
  // A second token of the same account.
  order("/credentials", R"({"cloud":"digitalocean","name":"revoked","state":"active"})");
  const Answer changed = api().call(
      "PATCH", change, R"({"name":"the lab","values":{"token":")" + credential("digitalocean", "revoked") + "\"}}");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(Json::parse(changed.body, "account")["name"].text(), "the lab");
  order("/credentials", R"({"cloud":"digitalocean","name":"good","state":"revoked"})");
  EXPECT_GT(offers("?provider=digitalocean")["data"].items().size(), 0U) << "the new one is used";
  order("/credentials", R"({"cloud":"digitalocean","name":"revoked","state":"revoked"})");
  const Json checked = Json::parse(api().call("POST", change + "/check").body, "account");
  EXPECT_EQ(checked["state"].text(), "refused");
  EXPECT_THAT(checked["problem"].text(), testing::HasSubstr("reading the account"));
}

TEST_F(ConnectedAccounts, OneCloudAccountIsConnectedOnce) {
  connect("digitalocean");
  EXPECT_EQ(
      problem(post_account("digitalocean", credential("digitalocean"))),
      "409 conflict  | this credential belongs to account digitalocean, which is connected already | to replace its "
      "credential: stoker accounts change digitalocean");
  const Answer other = post_account("digitalocean", credential("digitalocean", "other"));
  ASSERT_EQ(other.status, 201) << other.body;
  EXPECT_EQ(Json::parse(other.body, "account")["id"].text(), "digitalocean-2");
}

TEST_F(ConnectedAccounts, OneCloudsFailureStandsBesideTheOthersOffers) {
  connect("lambda");
  connect("digitalocean");
  fault(R"({"cloud":"digitalocean","operation":"sizes","every":true,"fault":"refuse","status":503})");
  const Json list = offers("?gpu=H100");
  ASSERT_GT(list["data"].items().size(), 0U);
  double last = 0;
  for (const Json& offer : list["data"].items()) {
    EXPECT_EQ(offer["account"].text(), "lambda");
    EXPECT_EQ(offer["gpu"]["model"].text(), "H100");
    EXPECT_GE(offer["price"]["per_hour"].number().value_or(0), last) << "cheapest first";
    last = offer["price"]["per_hour"].number().value_or(0);
  }
  const auto failures = list["failures"].items();
  const auto of = [&](const std::string& account) {
    for (const Json& one : failures)
      if (one["account"].text() == account) return one["code"].text() + " | " + one["detail"].text();
    return std::string("none");
  };
  EXPECT_THAT(of("digitalocean"), testing::StartsWith("unavailable | digitalocean: listing sizes "));
}

TEST_F(ConnectedAccounts, AnAccountThatOwnsAMachineCanNotBeRemoved) {
  connect("lambda");
  const std::string id = submit(cloud_job("lambda", "true"));
  EXPECT_TRUE(eventually([&] { return judgement("lambda")["creates"].integer() == 1; }));
  const std::string refused = problem(api().call("DELETE", "/v1/accounts/lambda"));
  EXPECT_EQ(refused, "409 conflict  | account lambda still owns 1 machine, which nobody could destroy without it: " +
                         job(id)["instance_id"].text() +
                         " | destroy them first (stoker destroy ID) and wait until they are gone");
  (void)api().call("POST", "/v1/jobs/" + id + "/cancel");
  (void)await_end(id);
  EXPECT_TRUE(eventually([&] { return api().call("DELETE", "/v1/accounts/lambda").status == 204; }, 20'000));
  expect_nothing_left("lambda");
}

TEST_F(ConnectedAccounts, ThoseWithoutAnAccountAreRefusedAtTheDoor) {
  const Answer refused = api().call("POST", "/v1/jobs", cloud_job("lambda", "true"));
  EXPECT_EQ(problem(refused),
            "422 unsupported provider | no account of lambda is connected | run: stoker accounts add lambda");
}

TEST_F(ConnectedAccounts, SpotWhereThereIsNoneIsRefusedAtTheDoor) {
  connect("lambda");
  connect("digitalocean");
  EXPECT_EQ(problem(api().call("POST", "/v1/jobs",
                               R"({"run":"true","provider":["lambda","digitalocean"],"resources":{"spot":true}})")),
            "400 invalid resources.spot | resources.spot: lambda and digitalocean has no spot machines | leave "
            "resources.spot "
            "out, or name a provider that has them");
}

TEST_F(ConnectedAccounts, WhatNobodyOffersIsAnsweredWithTheNearest) {
  connect("lambda");
  const auto fails_with = [&](const std::string& resources) {
    const std::string id =
        submit(R"({"run":"true","provider":"lambda","limits":{"max_hours":1},"resources":)" + resources + "}");
    const Json ended = await_end(id);
    EXPECT_EQ(ended["state"].text(), "failed");
    return ended["reason"].text() + " | " + ended["hint"].text();
  };
  EXPECT_THAT(fails_with(R"({"gpu":"H300:1"})"), testing::HasSubstr("no offer fits 1x H300; nearest: lambda: "));
  EXPECT_THAT(fails_with(R"({"gpu":"H100:1","max_price_per_hour":0.5})"),
              testing::AllOf(testing::HasSubstr("no offer fits 1x H100 under 0.50/h; nearest: lambda: gpu_1x_h100"),
                             testing::HasSubstr("over 0.50 an hour")));
  EXPECT_THAT(fails_with(R"({"region":"us-wets-1"})"), testing::HasSubstr("did you mean us-west-1?"));
  EXPECT_THAT(fails_with(R"({"machine":"gpu_1x_h100_pcy"})"), testing::HasSubstr("did you mean gpu_1x_h100_pcie?"));
  EXPECT_THAT(fails_with(R"({"machine":"gpu_1x_h100_pcie","image":"windows-95"})"), testing::HasSubstr("image"));
  EXPECT_EQ(judgement("lambda")["creates"].integer(), 0);
}

TEST_F(ConnectedAccounts, AQuotaOfNothingIsSaidWithTheWayOut) {
  connect("lambda");
  connect("digitalocean");
  for (const char* cloud_name : kClouds) {
    order("/quota", std::string(R"({"cloud":")") + cloud_name + R"(","instances":0})");
    const Json ended = await_end(submit(cloud_job(cloud_name, "true")));
    EXPECT_EQ(ended["state"].text(), "failed");
    EXPECT_THAT(ended["reason"].text(),
                testing::AnyOf(testing::HasSubstr("quota"), testing::HasSubstr("limit"), testing::HasSubstr("Quota")));
    EXPECT_EQ(ended["attempts"].items().front()["state"].text(), "refused");
    expect_nothing_left(cloud_name);
  }
}

TEST_F(ConnectedAccounts, AnEstimateSaysWhatItRestsOn) {
  connect("lambda");
  const std::string spec =
      R"({"name":"x","run":"true","provider":"lambda","resources":{"gpu":"H100:1"},"limits":{"max_cost":20}})";
  const Json known = Json::parse(api().call("POST", "/v1/estimates?hours=2", spec).body, "estimate");
  const double price = known["per_hour"]["likely"].number().value_or(0);
  EXPECT_GT(price, 1);
  EXPECT_NEAR(known["total"]["likely"].number().value_or(0), 2 * price, 0.01);
  EXPECT_EQ(known["cap"].number(), 20);
  EXPECT_EQ(known["billing"]["granularity_s"].integer(), 60);
  EXPECT_THAT(known["rests_on"].dump(), testing::HasSubstr("the 2 h that were given"));
  const Json unknown = Json::parse(api().call("POST", "/v1/estimates", spec).body, "estimate");
  EXPECT_TRUE(unknown["total"]["likely"].is_null());
  EXPECT_EQ(unknown["total"]["high"].number(), 20);
  EXPECT_THAT(unknown["rests_on"].dump(), testing::HasSubstr("no earlier run of the name x is known"));
}

class VerifiedCloud : public CloudTest {
 protected:
  // A certificate for 127.0.0.1 that is its own authority.
  [[nodiscard]] Words certificate() const {
    const std::string cert = (cloud_folder / "cert.pem").string(), key = (cloud_folder / "key.pem").string();
    const Result made =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=fakecloud", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert},
            environment());
    EXPECT_EQ(made.code, 0) << made.err;
    return {"--tls", cert, key};
  }
};

TEST_F(VerifiedCloud, IsBelievedOnlyWithACertificateThatVerifies) {
  start_cloud(50, "none", certificate());
  enable({"lambda"});
  start_fast_agent();
  const Answer refused = post_account("lambda", credential("lambda"));
  EXPECT_EQ(refused.status, 400) << refused.body;
  const std::string detail = Json::parse(refused.body, "a problem")["detail"].text();
  EXPECT_THAT(detail, testing::HasSubstr("the certificate of 127.0.0.1 does not verify: self-signed certificate"));
  EXPECT_EQ(history("\"request\"").size(), 0U) << "the key was not sent";
  stop_agent();
  ASSERT_TRUE(
      try_start({program("gated-agent")}, on_cloud_time({"SSL_CERT_FILE=" + (cloud_folder / "cert.pem").string()})));
  const Answer accepted = post_account("lambda", credential("lambda"));
  EXPECT_EQ(accepted.status, 201) << accepted.body;
}

// Clouds that nobody enabled are not in the process, and enabling one takes a restart and nothing else.
TEST_F(ConnectedAccounts, ACloudThatIsNotEnabledLeavesNoTrace) {
  const auto maps = [&] { return content("/proc/" + std::to_string(agent) + "/maps"); };
  EXPECT_NE(maps().find("digitalocean.so"), std::string::npos);
  stop_agent();
  enable({"lambda"});
  start_fast_agent();
  EXPECT_NE(maps().find("lambda.so"), std::string::npos);
  EXPECT_EQ(maps().find("digitalocean.so"), std::string::npos);
  const std::string plugins = api().call("GET", "/v1/plugins").body;
  EXPECT_EQ(plugins.find(R"("id":"digitalocean","name":"DigitalOcean")"), std::string::npos) << plugins;
  EXPECT_EQ(api().call("GET", "/v1/offers").body.find("digitalocean"), std::string::npos);
  EXPECT_EQ(problem(api().call("GET", "/v1/providers/digitalocean/setup")),
            "422 unsupported  | the plugin digitalocean is not enabled | run: stoker plugins enable digitalocean");
  stop_agent();
  EXPECT_EQ(cli({"plugins", "enable", "digitalocean"}).code, 0);
  start_fast_agent();
  EXPECT_NE(maps().find("digitalocean.so"), std::string::npos);
}

}  // namespace
}  // namespace stoker::e2e
