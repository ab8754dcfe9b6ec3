// kill -9 while the create of a machine is on its way, again and again: each job gets one machine, and ends with it.
#include <Poco/Exception.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

#include "tests/e2e/many_accounts.h"

namespace stoker::e2e {
namespace {

using testing::SizeIs;

constexpr uint16_t kGate = 4711;  // a port in the network of this test

class CloudCrash : public ManyAccounts, public testing::WithParamInterface<const char*> {
 protected:
  ~CloudCrash() override {
    if (gate_ >= 0) ::close(gate_);
  }
  void begin(size_t rounds) {
    start_with(GetParam(), rounds, 20, "sshd", dialect_of(GetParam()).unpaced);
    connect_all();
  }
  [[nodiscard]] std::string launch() const { return dialect_of(name).launch; }

  // Waits for the gate, so that the jobs of all rounds live through the later kills as well.
  static std::string training() {
    return "until (exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(kGate) +
           ") 2>/dev/null; do sleep 0.3; done; echo $$ >> \"$STOKER_ARTIFACTS/starts\"; echo trained";
  }
  void open_gate() {
    gate_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(kGate);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(gate_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(gate_, 1000) != 0)
      throw std::runtime_error("the gate can not be opened");
  }

  // The number of the create that the cloud holds.
  [[nodiscard]] int64_t await_held() const {
    Json held = ask("/held");
    EXPECT_TRUE(eventually([&] { return !(held = ask("/held")).items().empty(); })) << agent_log();
    return held.items().empty() ? 0 : held.items()[0]["id"].integer().value_or(0);
  }
  void release(int64_t held, const char* as) const {
    order("/release", R"({"which":)" + std::to_string(held) + R"(,"as":")" + as + "\"}");
  }
  // After each kill a create was taken up again; `attempts`: how many it took.
  void expect_one_machine_each(const Words& ids, int64_t attempts) {
    open_gate();
    EXPECT_TRUE(all(ids, [](const Json& now) { return !now["ended_ms"].is_null(); }, 120'000));
    for (size_t i = 0; i < ids.size(); ++i) {
      SCOPED_TRACE("round " + std::to_string(i + 1) + ", account " + account(i) + ", job " + ids[i]);
      const Json ended = job(ids[i]);
      EXPECT_EQ(ended["state"].text(), "succeeded") << ended.dump();
      EXPECT_EQ(ended["attempt"].integer(), attempts) << ended["attempts"].dump();
      EXPECT_EQ(log_of(ids[i]), "trained\n");
      EXPECT_THAT(lines_of(artifact(ids[i], "artifacts/starts")), SizeIs(1)) << "how often the training was started";
      expect_clean(account(i));
      EXPECT_EQ(judged(account(i))["creates"].integer(), 1);
      EXPECT_EQ(judged(account(i))["deletes"].integer(), 1);
    }
    expect_clean_books();
  }

 private:
  int gate_ = -1;
};

TEST_P(CloudCrash, AfterTheCloudHasActed) {
  constexpr size_t kRounds = 20;
  begin(kRounds);
  Words ids;
  for (size_t i = 0; i < kRounds; ++i) {
    aim(account(i), launch(), R"("fault":"act-then-hold")");
    ids.push_back(submit_to(account(i), training()));
    const int64_t held = await_held();
    // The answer may be on its way back, cut off, or never have left.
    if (i % 3 != 0) release(held, i % 3 == 1 ? "answer" : "reset");
    kill_agent();
    EXPECT_TRUE(eventually([&] { return ask("/held").items().empty(); }));
    EXPECT_EQ(judged(account(i))["creates"].integer(), 1);
    start_fast_agent();
  }
  expect_one_machine_each(ids, 1);
}

TEST_P(CloudCrash, BeforeTheCloudActs) {
  constexpr size_t kRounds = 5;
  begin(kRounds);
  Words ids;
  for (size_t i = 0; i < kRounds; ++i) {
    aim(account(i), launch(), R"("fault":"hold-then-act")");
    ids.push_back(submit_to(account(i), training()));
    const int64_t held = await_held();
    kill_agent();
    EXPECT_EQ(judged(account(i))["creates"].integer(), 0);
    // It acts with nobody there, or while the next agent is looking already.
    if (i % 2 == 0) release(held, "answer");
    start_fast_agent();
    if (i % 2 != 0) release(held, "answer");
  }
  expect_one_machine_each(ids, 1);
}

TEST_P(CloudCrash, BeforeAnythingWasSent) {
  constexpr size_t kRounds = 5;
  begin(kRounds);
  Words ids;
  for (size_t i = 0; i < kRounds; ++i) {
    stop_agent();
    const std::string trace = folder / ("trace-" + std::to_string(i)), key = "round-" + std::to_string(i);
    ASSERT_TRUE(try_start({program("gated-agent")},
                          on_cloud_time({"STOKER_E2E_GATE=kill after create sent", "STOKER_E2E_TRACE=" + trace})));
    // Of one region only, so that there is no other offer to turn to.
    const std::string only = dialect_of(name).single;
    const std::string spec = cloud_job(account(i), training(), R"("resources":{"machine":")" + only + "\"}");
    try {
      (void)submit(spec, key);
    } catch (const Poco::Exception&) {
      // It died before it answered.
    }
    EXPECT_TRUE(eventually([&] { return agent_ended(); }));
    EXPECT_EQ(judged(account(i))["creates"].integer(), 0);
    start_fast_agent();
    ids.push_back(submit(spec, key));
    // Otherwise the next kill would strike this one's second attempt.
    EXPECT_TRUE(eventually([&] { return judged(account(i))["creates"].integer() == 1; }));
  }
  // What was never sent may be sent now, where the same request again makes no second machine.
  expect_one_machine_each(ids, dialect_of(name).repeats ? 1 : 2);
}

// Later than any settle time: the job has gone on with another machine by then, and this one must not live.
TEST_P(CloudCrash, AndTheMachineShowsLongAfterwards) {
  begin(1);
  const auto show_after = [&](int seconds) {
    const std::string lag = std::to_string(seconds);
    order("/settings",
          R"({"cloud":")" + name + R"(","settings":{"get_lag_s":)" + lag + R"(,"list_lag_s":)" + lag + "}}");
  };
  show_after(600);
  aim(account(0), launch(), R"("fault":"act-then-hold")");
  const std::string id = submit_to(account(0), training());
  (void)await_held();
  kill_agent();
  show_after(5);
  start_fast_agent();
  await_state(id, "running");
  EXPECT_EQ(judged(account(0))["alive"].items().size(), 2U);
  EXPECT_TRUE(eventually([&] { return judged(account(0))["alive"].items().size() == 1; }, 90'000)) << agent_log();
  open_gate();
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  EXPECT_EQ(job(id)["attempt"].integer(), 2);
  EXPECT_EQ(judged(account(0))["creates"].integer(), 2);
  expect_clean(account(0));
  expect_clean_books();
}

INSTANTIATE_TEST_SUITE_P(Cloud, CloudCrash, testing::Values("lambda", "digitalocean", "aws", "gcp", "vast"),
                         [](const auto& cloud) { return std::string(cloud.param); });

// Each commit of a whole job on a rented machine, one after the other; earlier jobs go on meanwhile.
class CloudCommit : public ManyAccounts, public testing::WithParamInterface<std::tuple<const char*, const char*>> {};

TEST_P(CloudCommit, IsSurvived) {
  const auto [cloud_name, side] = GetParam();
  constexpr const char* kCommits[] = {"submit",    "provisioning",   "intent",      "create sent",    "adopt",
                                      "attempt",   "instance state", "host key",    "connecting",     "staging",
                                      "setup",     "running",        "log",         "training ended", "artifact",
                                      "releasing", "delete intent",  "still there", "absent once",    "gone",
                                      "ended",     "tidied"};
  start_with(cloud_name, std::size(kCommits), 15, "sshd");
  connect_all();
  Words ids;
  size_t crashes = 0;
  for (size_t i = 0; i < std::size(kCommits); ++i) {
    SCOPED_TRACE(kCommits[i]);
    stop_agent();
    const std::string trace = folder / ("trace-" + std::to_string(i)), key = "round-" + std::to_string(i);
    const std::string spec = cloud_job(
        account(i), "echo trained; mkdir -p out; echo model > out/model",
        R"("resources":{"gpu":")" + std::string(dialect_of(name).gpu) + R"("},"setup":"true","outputs":["out/"])");
    if (try_start({program("gated-agent")},
                  on_cloud_time({std::string("STOKER_E2E_GATE=kill ") + side + " " + kCommits[i],
                                 "STOKER_E2E_TRACE=" + trace}))) {
      try {
        const std::string id = submit(spec, key);
        eventually([&] { return agent_ended() || !job(id)["ended_ms"].is_null(); }, 120'000);
        // What is beside a machine is removed after its job.
        if (std::string(kCommits[i]) == "tidied") eventually([&] { return agent_ended(); }, 60'000);
      } catch (const Poco::Exception&) {
        // It died before it answered.
      }
    }
    // It came to the commit it was to die at, however long the computer takes to bury it.
    const Words commits = lines_of(content(trace));
    crashes += std::find(commits.begin(), commits.end(), kCommits[i]) != commits.end();
    kill_agent();
    start_fast_agent();
    ids.push_back(submit(spec, key));
  }
  EXPECT_TRUE(all(ids, [](const Json& now) { return !now["ended_ms"].is_null(); }, 300'000));
  EXPECT_GE(crashes, std::size(kCommits) - 2) << "most of these names must be right";
  for (size_t i = 0; i < ids.size(); ++i) {
    SCOPED_TRACE(std::string("killed ") + side + " " + kCommits[i] + ", account " + account(i) + ", job " + ids[i]);
    EXPECT_EQ(job(ids[i])["state"].text(), "succeeded") << job(ids[i]).dump();
    EXPECT_EQ(log_of(ids[i]), "trained\n");
    EXPECT_EQ(artifact(ids[i], "out/model"), "model\n");
    expect_gapless(ids[i]);
    expect_clean(account(i));
    EXPECT_EQ(judged(account(i))["creates"].integer(), 1);
  }
  expect_clean_books();
}

INSTANTIATE_TEST_SUITE_P(Cloud, CloudCommit,
                         testing::Combine(testing::Values("lambda", "digitalocean", "aws", "gcp", "vast"),
                                          testing::Values("before", "after")),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param)) + "_" + std::get<1>(one.param);
                         });

}  // namespace
}  // namespace stoker::e2e
