// Each single fault in each call with which an account is checked when it is connected.
#include <algorithm>
#include <ostream>

#include "tests/e2e/many_accounts.h"
#include "tests/e2e/single_fault.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

struct Check {
  const char* cloud;
  const char* operation;
  const char* doing;
  bool probes;  // it asks for a permission only: any other refusal will do
};

constexpr Check kChecks[] = {
    {"lambda", "instances.list", "checking the API key", false},
    {"digitalocean", "account", "reading the account", false},
    {"digitalocean", "sizes", "listing sizes", true},
    {"digitalocean", "droplets.list", "listing droplets", true},
    {"digitalocean", "keys.list", "listing SSH keys", true},
    {"digitalocean", "tags.list", "listing tags", true},
    {"digitalocean", "droplets.create", "creating a droplet", true},
    {"digitalocean", "droplets.delete", "deleting a droplet", true},
    {"digitalocean", "keys.create", "registering an SSH key", true},
    {"digitalocean", "keys.delete", "removing an SSH key", true},
    {"digitalocean", "tags.delete", "removing a tag", true},
    {"vast", "users.current", "reading the account", false},
    {"vast", "instances.list", "listing instances", false},
    {"vast", "bundles", "listing offers", false},
    {"vast", "instances.delete", "deleting an instance", true},
};

void PrintTo(const Check& check, std::ostream* out) { *out << check.cloud << " " << check.operation; }

class AccountFault : public ManyAccounts, public testing::WithParamInterface<Check> {
 protected:
  [[nodiscard]] size_t accounts() const {
    return Json::parse(api().call("GET", "/v1/accounts").body, "accounts")["data"].items().size();
  }
  // What is said of an account that was not connected.
  void expect_right_words(const Answer& answer, const SingleFault& fault) const {
    const Json problem = Json::parse(answer.body, "a problem");
    EXPECT_GE(answer.status, 400);
    EXPECT_THAT(problem["detail"].text(), HasSubstr(name)) << answer.body;
    if (fault.status == 401 || fault.status == 403) {
      EXPECT_THAT(problem["detail"].text(), HasSubstr(GetParam().doing));
      EXPECT_EQ(problem["code"].text(), fault.status == 401 ? "auth" : "forbidden");
      EXPECT_NE(problem["hint"].text(), "");
    }
    if (fault.status == 401) {
      EXPECT_EQ(problem["field"].text(), secret_field(name));
    }
  }
};

TEST_P(AccountFault, ConnectsItOrSaysWhyNot) {
  const std::vector<SingleFault> faults = faults_of_any();
  start_with(GetParam().cloud, faults.size(), 50);
  size_t connected = 0;
  for (size_t i = 0; i < faults.size(); ++i) {
    const SingleFault& fault = faults[i];
    SCOPED_TRACE(fault.name + ", account " + account(i));
    aim(account(i), GetParam().operation, fault.members);
    const Answer first = post(account(i));
    // Vast's floors are so high that the pause after "too many" may be longer than the call.
    const bool given_up = name == "vast" && fault.name == "refuse-429";
    const bool asked_again = (fault.kind == SingleFault::passing && !given_up) || fault.name == "reset" ||
                             fault.name == "act-then-500" || fault.name == "act-then-reset";
    const bool refused =
        fault.kind == SingleFault::definite && (!GetParam().probes || fault.status == 401 || fault.status == 403);
    if (asked_again) {
      EXPECT_EQ(first.status, 201) << first.body;
    }
    if (refused) {
      EXPECT_NE(first.status, 201);
    }
    if (first.status != 201) {
      expect_right_words(first, fault);
      EXPECT_EQ(accounts(), connected) << "nothing of it is kept";
      const Answer again = post(account(i));
      EXPECT_EQ(again.status, 201) << again.body;
    }
    EXPECT_EQ(accounts(), ++connected);
    const Json books = judged(account(i));
    EXPECT_EQ(books["creates"].integer(), 0) << "to ask for a permission makes nothing";
    EXPECT_EQ(books["keys_left"].dump(), "[]");
  }
  EXPECT_EQ(judgement(name)["foreign_touched"].dump(), "[]");
  EXPECT_EQ(history("\"broken\"").size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Check, AccountFault, testing::ValuesIn(kChecks), [](const auto& check) {
  std::string title = std::string(check.param.cloud) + "_" + check.param.operation;
  std::replace(title.begin(), title.end(), '.', '_');
  return title;
});

}  // namespace
}  // namespace stoker::e2e
