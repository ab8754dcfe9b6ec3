#include "core/jobs/log_ingest.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <random>

#include "core/jobs/phase.h"
#include "core/store/events.h"
#include "tests/fleet/scripted_provider.h"
#include "tests/simulation/step_parser.h"
#include "tests/store/store_folder.h"

namespace stoker::jobs {
namespace {

constexpr char kSecret[] = "hunter2-hunter2";

class NoNetwork final : public remote::Connector {
 public:
  std::unique_ptr<remote::Session> connect(const remote::Target&, const Wait&) override {
    throw Error(Fault::unavailable, "there is no network");
  }
};

class LogIngestTest : public store::OpenStore {
 protected:
  void SetUp() override {
    OpenStore::SetUp();
    std::filesystem::create_directory(folder_ / "config");
    std::filesystem::permissions(folder_ / "config", std::filesystem::perms::owner_all);
    vault_.emplace(store::Vault::with_key_file(database(), folder_ / "config" / "key"));
    context_.emplace(PipelineContext{clock_,
                                     database(),
                                     *vault_,
                                     network_,
                                     feed_,
                                     work_,
                                     sky(),
                                     sky(),
                                     [this] { return std::vector<const plugin_host::LogParser*>{&parser_}; },
                                     [] { return std::vector<fleet::UsableAccount>{{"sky", "sky", false}}; },
                                     {"sky"},
                                     folder_ / "state",
                                     folder_,
                                     "0123456789abcdef",
                                     nullptr});
    job("job1");
  }

  fleet::ProviderSource sky() {
    return
        [this](const std::string&) { return std::shared_ptr<plugin_host::Provider>(std::shared_ptr<void>(), &sky_); };
  }

  void job(const std::string& id) {
    store::JobRow row = store::job_named(id);
    row.spec = to_json(parse_spec(
        R"({"name":"x","provider":"sky","run":"true","log_parser":"auto","secrets":{"TOKEN":"hunter2-hunter2"}})",
        {true, {"sky"}, {"steps"}}));
    with<store::Jobs>([&](store::Jobs& jobs) { jobs.insert(row); });
    vault_->put("job/" + id + "/secret/TOKEN", kSecret);
    id_ = id;
  }

  // As a new agent finds it.
  JobRun& run() {
    run_.emplace(*context_, with<store::Jobs>([&](store::Jobs& jobs) { return jobs.find(id_).value(); }),
                 std::stop_token(), std::stop_token());
    return *run_;
  }
  void ingest(const std::string& log) {
    LogIngest to(run(), "train");
    to.begin();
    to.add(0, log);
    to.finish();
  }

  std::filesystem::path file() { return folder_ / "state" / "jobs" / id_ / "log"; }
  std::string stored() {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int64_t cursor() {
    return with<store::Jobs>([&](store::Jobs& jobs) { return jobs.find(id_)->log_bytes; });
  }
  std::vector<store::EventRow> events(const std::string& kind) {
    return with<store::Events>([&](store::Events& all) { return all.of_kinds(id_, {kind}, 0, 100'000); });
  }
  std::string steps() {
    std::string list;
    for (const store::EventRow& event : events("metric")) {
      const size_t at = event.data.find("\"step\":") + 7;
      list += event.data.substr(at, event.data.find_first_of(",}", at) - at) + " ";
    }
    return list;
  }
  // The machine's clock says that the file was last written before the machine started.
  void power_cut() {
    const timespec times[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, file().c_str(), times, 0), 0);
  }

  fleet::MovedClock clock_;
  fleet::ScriptedProvider sky_;
  simulation::StepParser parser_;
  NoNetwork network_;
  EventFeed feed_;
  Signal work_;
  std::optional<store::Vault> vault_;
  std::optional<PipelineContext> context_;
  std::optional<JobRun> run_;
  std::string id_;
};

std::string stars(size_t n) { return std::string(n, '*'); }

std::string sample() {
  std::string log = "starting\n";
  for (int i = 0; i < 30; ++i) {
    log += "step=" + std::to_string(i) + " loss=0.5\n";
    if (i % 7 == 0) log += std::string("token ") + kSecret + kSecret + "\rbar\r";
  }
  return log + "no end " + kSecret;
}

std::string masked(std::string log) {
  const std::string secret = kSecret;
  for (size_t at = 0; (at = log.find(secret, at)) != std::string::npos;) log.replace(at, secret.size(), stars(15));
  return log;
}

TEST_F(LogIngestTest, AnyCutAnyBreakAndAnyNewAgentGiveTheSameLogAndEvents) {
  const std::string log = sample();
  std::string wanted;
  for (int i = 0; i < 30; ++i) wanted += std::to_string(i) + " ";
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    job("seed" + std::to_string(seed));
    std::mt19937 random(seed);
    std::optional<LogIngest> to(std::in_place, run(), "train");
    auto at = static_cast<size_t>(to->begin());
    while (at < log.size()) {
      const size_t size = std::min<size_t>(log.size() - at, 1 + random() % (seed * 20));
      to->add(static_cast<int64_t>(at), std::string_view(log).substr(at, size));
      at += size;
      if (random() % 3 == 0) to->flush();
      if (random() % 5 == 0) at = static_cast<size_t>(to->begin());
      if (random() % 9 == 0) {
        to.reset();
        to.emplace(run(), "train");
        at = static_cast<size_t>(to->begin());
      }
    }
    to->finish();
    EXPECT_EQ(stored(), masked(log));
    EXPECT_EQ(cursor(), static_cast<int64_t>(log.size()));
    EXPECT_EQ(steps(), wanted);
  }
}

TEST_F(LogIngestTest, ASecretCutAnywhereIsMasked) {
  const std::string log = std::string("a ") + kSecret + " b\n";
  for (size_t cut = 0; cut <= log.size(); ++cut) {
    job("cut" + std::to_string(cut));
    LogIngest to(run(), "train");
    to.begin();
    if (cut > 0) to.add(0, log.substr(0, cut));
    to.flush();
    EXPECT_EQ(stored().find("hunter"), std::string::npos) << "cut at " << cut;
    if (cut < log.size()) to.add(static_cast<int64_t>(cut), log.substr(cut));
    to.finish();
    EXPECT_EQ(stored(), "a " + stars(15) + " b\n") << "cut at " << cut;
  }
}

TEST_F(LogIngestTest, ALineWithoutEndIsStoredInPieces) {
  const std::string log(700'000, 'x');
  LogIngest to(run(), "train");
  to.begin();
  for (size_t at = 0; at < log.size(); at += 50'000) to.add(static_cast<int64_t>(at), log.substr(at, 50'000));
  EXPECT_GT(cursor(), 400'000) << "it is not held in memory to its end";
  to.finish();
  EXPECT_EQ(stored(), log);
  const auto logged = events("log");
  for (const store::EventRow& event : logged) {
    const size_t at = event.data.find("\"size\":") + 7;
    EXPECT_LE(std::stoi(event.data.substr(at)), 16384);
  }
}

TEST_F(LogIngestTest, AfterAPowerCutTheFileIsFetchedAgainWithoutEvents) {
  const std::string log = sample();
  ingest(log);
  const size_t before = events("log").size();
  const std::string told = steps();
  std::ofstream(file(), std::ios::binary | std::ios::in) << std::string(100, '\0');
  power_cut();
  {
    LogIngest to(run(), "train");
    EXPECT_EQ(to.begin(), 0);
    to.add(0, log.substr(0, 200));
  }  // and the agent dies in the middle of it
  LogIngest to(run(), "train");
  EXPECT_EQ(to.begin(), 0) << "what was begun is known to be unfinished";
  for (size_t at = 0; at < log.size(); at += 37) to.add(static_cast<int64_t>(at), log.substr(at, 37));
  to.add(static_cast<int64_t>(log.size()), "more\n");
  to.finish();
  EXPECT_EQ(stored(), masked(log) + "more\n");
  EXPECT_EQ(steps(), told);
  EXPECT_EQ(events("log").size(), before + 1);
}

TEST_F(LogIngestTest, AParserThatIsChosenLateReadsWhatCameBefore) {
  LogIngest to(run(), "train");
  to.begin();
  to.add(0, "collecting packages\n");
  EXPECT_EQ(run_->row.parser, "");
  to.add(20, "step=1 loss=0.5\nstep=2 loss=0.5\n");
  EXPECT_EQ(run_->row.parser, "steps");
  EXPECT_EQ(steps(), "1 2 ");
}

TEST_F(LogIngestTest, TheEndIsToldToTheParserOnce) {
  ingest("step=1 loss=0.5\nstep=2 loss=0.5");
  EXPECT_EQ(steps(), "1 ");
  for (int i = 0; i < 3; ++i) finish_parsing(run(), false);
  EXPECT_EQ(steps(), "1 2 ");
  EXPECT_EQ(events("summary").size(), 1u);
}

TEST_F(LogIngestTest, ALogThatNoParserKnowsIsDiagnosedAtItsEnd) {
  ingest("hello\nTraceback (most recent call last):\n  x\nValueError: no\n");
  EXPECT_TRUE(events("diagnosis").empty());
  for (int i = 0; i < 3; ++i) {
    const TrainingEnd end = finish_parsing(run(), false);
    EXPECT_EQ(end.diagnosis, "no");
    EXPECT_EQ(run_->row.parser, "none");
  }
  EXPECT_EQ(events("diagnosis").size(), 2U) << "seen, and then what ended the run";
}

TEST_F(LogIngestTest, AParserThatFailsDoesNotEndTheTraining) {
  parser_.breaks_at_step = 2;
  ingest("step=1 loss=0.5\n");
  LogIngest to(run(), "train");
  to.add(to.begin(), "step=2 loss=0.5\n");
  to.add(32, "step=3 loss=0.5\n");
  to.finish();
  EXPECT_EQ(cursor(), 48);
  EXPECT_EQ(steps(), "1 ");
  EXPECT_NO_THROW(finish_parsing(run(), false));
  const auto told = events("diagnosis");
  ASSERT_FALSE(told.empty());
  EXPECT_NE(told[0].data.find("the log is stored but not parsed: the parser gave what is no event"), std::string::npos);
}

TEST_F(LogIngestTest, BytesTheMachineLostAreAHoleAndSaidSo) {
  LogIngest to(run(), "train");
  to.begin();
  to.add(0, "step=1 loss=0.5\n");
  to.gap(16, 20);
  to.add(20, "step=2 loss=0.5\n");
  to.gap(0, 36);  // cut behind us: we have those
  to.add(36, "step=3 loss=0.5\n");
  to.finish();
  EXPECT_EQ(stored(), std::string("step=1 loss=0.5\n") + std::string(4, '\0') + "step=2 loss=0.5\nstep=3 loss=0.5\n");
  EXPECT_EQ(steps(), "1 2 3 ");
  ASSERT_EQ(events("diagnosis").size(), 2u);
  EXPECT_NE(events("diagnosis")[0].data.find("the machine lost bytes 16 to 20 of the log"), std::string::npos);
}

TEST(FailureOf, SaysWhatBecameOfThePhase) {
  remote::PhaseStatus status;
  status.state = "exited";
  status.exit_code = 0;
  EXPECT_EQ(failure_of(status, "train"), "");
  status.exit_code = 3;
  EXPECT_EQ(failure_of(status, "train"), "train exited with code 3");
  status.exit_code.reset();
  status.exit_signal = 9;
  EXPECT_EQ(failure_of(status, "setup"), "setup was ended by signal SIGKILL");
  status.state = "rebooted";
  EXPECT_EQ(failure_of(status, "train"), "the machine was restarted during train");
  status.state = "lost";
  EXPECT_EQ(failure_of(status, "train"), "train ended, but its exit code was lost with its supervisor");
}

}  // namespace
}  // namespace stoker::jobs
