// A cloud that refuses one kind of call until further notice: before there is a machine the job fails in a bounded time
// and says why; once there is one, it is billing, and is deleted as soon as that can be done.
#include <algorithm>
#include <ostream>

#include "tests/e2e/many_accounts.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

constexpr int kStatuses[] = {400, 401, 403, 404, 409, 422, 429, 500, 503};
constexpr int64_t kBoundMs = 60 * 60 * 1000;  // virtual

struct Operation {
  const char* name;
  const char* doing;  // what the job's reason says
};

struct Cloud {
  const char* name;
  std::vector<Operation> before;
  std::vector<const char*> releasing, afterwards;
};

const Cloud kLambda{"lambda",
                    {{"instance-types", "listing offers"},
                     {"ssh-keys.list", "listing SSH keys"},
                     {"ssh-keys.create", "registering the SSH key"},
                     {"launch", "lambda"},
                     {"instances.get", "gpu_1x_h100"}},
                    {"terminate", "instances.get", "instances.list"},
                    {"ssh-keys.list", "ssh-keys.delete"}};
const Cloud kDigitalOcean{"digitalocean",
                          {{"sizes", "listing sizes"},
                           {"keys.create", "registering an SSH key"},
                           {"droplets.create", "digitalocean"},
                           {"droplets.get", "gpu-h100x1"}},
                          {"droplets.delete", "droplets.get", "droplets.list"},
                          {"keys.list", "keys.delete", "tags.list", "tags.delete"}};
const Cloud kVast{"vast",
                  {{"bundles", "listing offers"}, {"asks.rent", "vast"}, {"instances.get", "1x_H100"}},
                  {"instances.delete", "instances.get", "instances.list"},
                  {}};

void PrintTo(const Cloud& cloud, std::ostream* out) { *out << cloud.name; }

class LastingFault : public ManyAccounts, public testing::WithParamInterface<Cloud> {
 protected:
  struct Trial {
    std::string account, operation, doing, id;
    int status = 0;
  };

  std::vector<Trial> begin(const std::vector<Operation>& operations) {
    std::vector<Trial> trials;
    for (const Operation& operation : operations)
      for (const int status : kStatuses)
        trials.push_back({account(trials.size()), operation.name, operation.doing, "", status});
    start_with(GetParam().name, trials.size(), 25, "none", dialect_of(GetParam().name).unpaced);
    connect_all();
    return trials;
  }
  void refuse(const Trial& trial) const {
    aim(trial.account, trial.operation, R"("fault":"refuse","status":)" + std::to_string(trial.status), R"("every":1)");
  }
  static Words ids_of(const std::vector<Trial>& trials) {
    Words ids;
    for (const Trial& trial : trials) ids.push_back(trial.id);
    return ids;
  }
  static std::string title(const Trial& trial) {
    return trial.operation + " " + std::to_string(trial.status) + ", account " + trial.account + ", job " + trial.id;
  }
  static bool has_ended(const Json& now) { return !now["ended_ms"].is_null(); }
  // Each job, cancelled as soon as it would log in.
  void run_until_cancelled(std::vector<Trial>& trials) {
    for (Trial& trial : trials) trial.id = submit_to(trial.account);
    EXPECT_TRUE(all(
        ids_of(trials),
        [&](const Json& now) {
          if (now["state"].text() != "connecting") return has_ended(now);
          refuse(*std::find_if(trials.begin(), trials.end(),
                               [&](const Trial& trial) { return trial.id == now["id"].text(); }));
          EXPECT_EQ(cancel(now["id"].text()).status, 202);
          return true;
        },
        120'000));
  }
  // Whether the agent has said of each machine at least twice that it is still billing.
  [[nodiscard]] bool all_are_told(const std::vector<Trial>& trials) const {
    const Words lines = lines_of(agent_log());
    return std::all_of(trials.begin(), trials.end(), [&](const Trial& trial) {
      const std::string about = "deleting stk-", job = "-" + trial.id + "-";
      return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
               return line.find(about) != std::string::npos && line.find(job) != std::string::npos &&
                      line.ends_with("it is still billing, trying again");
             }) >= 2;
    });
  }
};

TEST_P(LastingFault, BeforeThereIsAMachineEndsTheJobWithTheReason) {
  std::vector<Trial> trials = begin(GetParam().before);
  for (Trial& trial : trials) {
    refuse(trial);
    trial.id = submit_to(trial.account);
  }
  // A machine that can not be looked at can not be known to be gone either.
  const auto is_over = [&](const Json& now) {
    return has_ended(now) || (now["state"].text() == "releasing" && now["outcome"].text() == "failed");
  };
  EXPECT_TRUE(all(ids_of(trials), is_over, 200'000));
  for (const Trial& trial : trials) lift(trial.account);
  EXPECT_TRUE(all(ids_of(trials), has_ended, 120'000));
  for (const Trial& trial : trials) {
    SCOPED_TRACE(title(trial));
    const Json ended = job(trial.id);
    EXPECT_EQ(ended["state"].text(), "failed");
    EXPECT_THAT(ended["reason"].text(), HasSubstr(trial.doing));
    EXPECT_LT(ended["ended_ms"].integer().value_or(0) - ended["created_ms"].integer().value_or(0), kBoundMs);
    EXPECT_LE(judged(trial.account)["creates"].integer().value_or(99), ended["attempt"].integer().value_or(0));
    expect_clean(trial.account);
    if (trial.status != 401) continue;
    EXPECT_THAT(ended["hint"].text(), HasSubstr("make a new")) << ended["reason"].text();
    EXPECT_LE(ended["attempt"].integer().value_or(99), 1) << "a credential that is refused is not tried again";
  }
  expect_clean_books();
}

TEST_P(LastingFault, WhileAMachineIsToGoItIsBillingUntilItCanBeDone) {
  std::vector<Operation> operations;
  for (const char* one : GetParam().releasing) operations.push_back({one, ""});
  std::vector<Trial> trials = begin(operations);
  run_until_cancelled(trials);
  // A delete that is answered by "there is none" is no failure, and a look that is answered so is no lie to be waited
  // for.
  std::vector<Trial> stuck = trials;
  std::erase_if(stuck, [](const Trial& trial) { return trial.status == 404; });
  EXPECT_TRUE(eventually([&] { return ::usleep(300'000), all_are_told(stuck); }, 120'000));
  for (const Trial& trial : stuck) {
    SCOPED_TRACE(title(trial));
    const Json now = job(trial.id);
    EXPECT_EQ(now["state"].text(), "releasing") << "it is not over while it may cost";
    EXPECT_GT(now["cost"]["per_hour"].number().value_or(0), 0);
    if (trial.operation == operations.front().name) {
      EXPECT_EQ(judged(trial.account)["alive"].items().size(), 1U);
    }
  }
  for (const Trial& trial : trials) lift(trial.account);
  EXPECT_TRUE(all(ids_of(trials), has_ended, 120'000));
  for (const Trial& trial : trials) {
    SCOPED_TRACE(title(trial));
    EXPECT_EQ(job_state(trial.id), "cancelled");
    EXPECT_EQ(judged(trial.account)["creates"].integer(), 1);
    expect_clean(trial.account);
  }
  expect_clean_books();
}

TEST_P(LastingFault, WhatCostsNothingIsRemovedOnceItCanBe) {
  std::vector<Operation> operations;
  if (GetParam().afterwards.empty()) GTEST_SKIP() << "it leaves nothing beside its machines";
  for (const char* one : GetParam().afterwards) operations.push_back({one, ""});
  std::vector<Trial> trials = begin(operations);
  run_until_cancelled(trials);
  EXPECT_TRUE(all(ids_of(trials), has_ended, 120'000)) << "no job waits for a key";
  for (const Trial& trial : trials) lift(trial.account);
  for (const Trial& trial : trials) {
    SCOPED_TRACE(title(trial));
    expect_clean(trial.account);
  }
  expect_clean_books();
}

INSTANTIATE_TEST_SUITE_P(Cloud, LastingFault, testing::Values(kLambda, kDigitalOcean, kVast),
                         [](const auto& cloud) { return std::string(cloud.param.name); });

}  // namespace
}  // namespace stoker::e2e
