#include "core/jobs/kept_model.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/fleet/fleet.h"
#include "core/jobs/spec.h"
#include "core/remote/libssh2_session.h"
#include "core/remote/runner_client.h"
#include "tests/fleet/scripted_provider.h"
#include "tests/remote/sshd_fixture.h"
#include "tests/store/store_folder.h"

namespace stoker::jobs {
namespace {

// Of this process: the port of its server is chosen by it, and other tests choose theirs at the same time.
const std::string kMachine = "stk-01234567-job1-" + std::to_string(::getpid());

using testing::HasSubstr;

// Answers every connection with what it reads, after the name in name.txt; counts its starts in starts.txt.
constexpr char kServer[] = R"sh(cat > server.py <<'END'
import os, socket, threading
s = socket.create_server(('127.0.0.1', int(os.environ['STOKER_PORT'])))
name = open('name.txt').read().strip()
def serve(c):
    c.sendall((name + ':').encode())
    while True:
        got = c.recv(4096)
        if not got: break
        c.sendall(got)
    c.close()
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
END
echo started >> starts.txt
exec python3 server.py)sh";

// A machine that was kept for job1, which is a private sshd with a home of its own.
class KeptModelTest : public store::OpenStore {
 protected:
  void SetUp() override {
    OpenStore::SetUp();
    for (const char* name : {"config", "home"}) {
      std::filesystem::create_directory(folder_ / name);
      std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
    }
    sshd_.emplace(std::vector<std::string>{"SetEnv=HOME=" + (folder_ / "home").string()});
    vault_.emplace(store::Vault::with_key_file(database(), folder_ / "config" / "key"));
    vault_->put("job/job1/ssh/1", sshd_->target().private_key);
    const auto sky = [this](const std::string&) {
      return std::shared_ptr<plugin_host::Provider>(std::shared_ptr<void>(), &sky_);
    };
    const remote::Target target = sshd_->target();
    sky_.get_ = [target](const std::string& id) {
      plugin_host::Instance it = fleet::machine(id);
      it.ssh_host = target.host;
      it.ssh_port = target.port;
      return it;
    };
    context_.emplace(PipelineContext{clock_,
                                     database(),
                                     *vault_,
                                     connector_,
                                     feed_,
                                     work_,
                                     sky,
                                     sky,
                                     [] { return std::vector<const plugin_host::LogParser*>{}; },
                                     [] { return std::vector<fleet::UsableAccount>{{"sky", "sky", false}}; },
                                     {"sky"},
                                     folder_ / "state",
                                     STOKER_BUILD_DIR "/lib/stoker/runner",
                                     "0123456789abcdef",
                                     nullptr});
    store::InstanceRow row;
    row.id = kMachine;
    row.job_id = "job1";
    row.attempt = 1;
    row.provider = row.account = "sky";
    row.phase = store::InstancePhase::alive;
    row.cloud_id = "m1";
    row.seen_alive = row.kept = true;
    row.ssh_host = target.host;
    row.ssh_port = target.port;
    row.ssh_user = target.user;
    row.host_public_key = target.host_public_key;
    row.keep_idle_ms = 30 * kMinute;
    row.keep_until_ms = clock_.wall_ms() + kMinute;
    with<store::Instances>([&](store::Instances& rows) {
      rows.insert(row);
      rows.end_use(row.id, 1);
    });
    work_folder_ = folder_ / "home/.stoker/jobs/job1-1/work";
    std::filesystem::create_directories(work_folder_);
    std::filesystem::create_directories(folder_ / "home/.stoker/jobs/job1-1/artifacts");
    for (auto made = work_folder_; made != folder_ / "home"; made = made.parent_path())
      std::filesystem::permissions(made, std::filesystem::perms::owner_all);
    remote::run_program({"/bin/sh", "-c", "echo tiny > " + (work_folder_ / "name.txt").string()});
  }
  void TearDown() override {
    models_.reset();
    const auto session = connector_.connect(sshd_->target(), {});
    remote::RunnerClient runner(*session, context_->runners, "job1-1-serve");
    runner.install({});
    runner.clean({});
    sshd_.reset();
    OpenStore::TearDown();
  }

  void job(const std::string& serve, const char* outcome = "succeeded") {
    store::JobRow row = store::job_named("job1");
    JobSpec spec;
    spec.name = "x";
    spec.run = "true";
    spec.serve.command = serve;
    row.spec = to_json(spec);
    row.state = store::JobState::succeeded;
    row.outcome = outcome;
    row.attempt = 1;
    row.instance_id = kMachine;
    with<store::Jobs>([&](store::Jobs& jobs) { jobs.insert(row); });
  }
  KeptModels& models() {
    if (!models_) models_.emplace(*context_);
    return *models_;
  }
  [[nodiscard]] Wait within(int64_t ms) const { return Wait{}.until(clock_.mono_ms() + ms); }
  std::string ask(const std::string& text) {
    const auto stream = models().open("job1", within(20'000));
    stream->write(text, within(5000));
    stream->finish();
    std::string answer;
    char buffer[1000];
    while (const size_t got = stream->read(buffer, sizeof buffer, within(5000))) answer.append(buffer, got);
    return answer;
  }
  store::InstanceRow row() {
    return with<store::Instances>([](store::Instances& rows) { return rows.find(kMachine).value(); });
  }
  [[nodiscard]] std::string starts() const {
    return remote::run_program({"/bin/cat", (work_folder_ / "starts.txt").string()});
  }

  SystemClock clock_;
  remote::LibsshConnector connector_{clock_};
  std::optional<remote::Sshd> sshd_;
  std::optional<store::Vault> vault_;
  fleet::ScriptedProvider sky_;
  EventFeed feed_;
  Signal work_;
  std::optional<PipelineContext> context_;
  std::optional<KeptModels> models_;
  std::filesystem::path work_folder_;
};

TEST_F(KeptModelTest, IsServedFromWhereItWasTrainedAndStartedOnce) {
  job(kServer);
  EXPECT_EQ(ask("one"), "tiny:one");
  EXPECT_EQ(ask("two"), "tiny:two");
  models_.reset();  // a new agent
  EXPECT_EQ(ask("three"), "tiny:three");
  EXPECT_EQ(starts(), "started\n");
}

TEST_F(KeptModelTest, ManyAskAtOnceAndOneStartsIt) {
  job(kServer);
  models();
  std::vector<std::thread> askers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    askers.emplace_back([&, i] { right += ask(std::to_string(i)) == "tiny:" + std::to_string(i) ? 1 : 0; });
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(starts(), "started\n");
}

TEST_F(KeptModelTest, TalkingIsNoIdleness) {
  job(kServer);
  {
    const auto stream = models().open("job1", within(20'000));
    EXPECT_GT(row().busy_until_ms, clock_.wall_ms() + kMinute) << "another job could take it";
  }
  EXPECT_LE(row().busy_until_ms, clock_.wall_ms());
  EXPECT_GT(row().keep_until_ms, clock_.wall_ms() + 29 * kMinute);
}

TEST_F(KeptModelTest, AServerThatEndsIsToldWithItsLastWordsAndTriedAgain) {
  job("[ -e fixed ] || { echo no such model >&2; exit 3; }\n" + std::string(kServer));
  const Error error = store::error_of([&] { (void)ask("one"); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_STREQ(error.what(), "the program that serves the model of job job1 ended with code 3");
  EXPECT_EQ(error.hint, "it printed: no such model");
  remote::run_program({"/usr/bin/touch", (work_folder_ / "fixed").string()});
  EXPECT_EQ(ask("one"), "tiny:one");
}

TEST_F(KeptModelTest, WhatIsNotThereIsSaid) {
  EXPECT_EQ(store::error_of([&] { (void)ask("x"); }).fault, Fault::not_found);
  job("");
  EXPECT_STREQ(store::error_of([&] { (void)ask("x"); }).what(), "job job1 does not say how its model is served");
  with<store::Instances>([](store::Instances& rows) {
    auto it = rows.find(kMachine).value();
    it.holder = "job2";
    rows.update(it);
  });
  const Error taken = store::error_of([&] { (void)ask("x"); });
  EXPECT_EQ(taken.fault, Fault::conflict);
  EXPECT_STREQ(taken.what(), "no machine is kept for job job1: job job2 took it");
  EXPECT_THAT(taken.hint, HasSubstr("keep_idle_minutes"));
}

TEST_F(KeptModelTest, OfAJobThatFailedThereIsNone) {
  job(kServer, "failed");
  EXPECT_STREQ(store::error_of([&] { (void)ask("x"); }).what(), "job job1 did not succeed: there is no model to try");
}

}  // namespace
}  // namespace stoker::jobs
