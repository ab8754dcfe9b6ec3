// Whole jobs on virtual time: seeds choose the faults of the cloud, the breaks of the network, where the agent dies and
// when it is cancelled. Judged by what the cloud and the machine remember.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/store/artifacts.h"
#include "core/store/events.h"
#include "tests/simulation/world.h"

namespace stoker::simulation {
namespace {

constexpr char kSecret[] = "s3cr3t-of-the-sim";

// One seed's world and what is to happen in it.
struct Story {
  CloudTraits cloud;
  NetworkTraits network;
  Plan plan;
  std::string spec;
  double max_cost = 50;
  int64_t cancel_at_ms = INT64_MAX;
  std::vector<uint64_t> crashes;
  bool disk_full = false;
  bool lenient = false;  // what happens may well be too much for the job
};

std::string some_output(std::mt19937_64& random, size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    switch (random() % 8) {
      case 0:
        text += "the token is " + std::string(kSecret) + "\n";
        break;
      case 1:
        text += "progress " + std::to_string(i) + "\r";
        break;
      case 2:
        text += std::string(random() % 900, 'x') + kSecret + kSecret + "\n";
        break;
      default:
        text += "step=" + std::to_string(i) + " loss=0.5\n";
    }
  }
  if (random() % 3 == 0) text += "the last line has no end " + std::string(kSecret).substr(0, random() % 8);
  return text;
}

Story story_of(uint64_t seed) {
  std::mt19937_64 random(seed * 7919);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  const auto chance = [&](int percent) { return below(100) < percent; };
  Story story;
  story.cloud.idempotent = chance(40);
  story.cloud.fault_percent = chance(50) ? static_cast<int>(below(16)) : 0;
  story.cloud.refuse_percent = chance(30) ? 20 : 0;
  story.cloud.list_lag_ms = below(80) * kSecond;
  story.cloud.get_lag_ms = below(30) * kSecond;
  story.cloud.boot_ms = below(90) * kSecond;
  story.cloud.blind_percent = chance(30) ? 5 : 0;
  story.cloud.makes_keys = chance(60);
  story.cloud.double_percent = chance(15) ? 30 : 0;
  story.cloud.dearer_percent = chance(15) ? 30 : 0;
  if (chance(8)) story.cloud.vanish_after_ms = below(20) * kMinute, story.lenient = true;
  story.network.drop_percent = chance(60) ? static_cast<int>(below(4)) : 0;
  story.network.key_after_ms = chance(30) ? below(60) * kSecond : 0;
  if (chance(25)) {
    story.network.down_from_ms = below(15) * kMinute;
    story.network.down_to_ms = story.network.down_from_ms + below(240) * kSecond;
    if (chance(20)) story.network.down_to_ms += 20 * kMinute, story.lenient = true;
  }
  const bool setup = chance(40);
  if (setup) story.plan.phases["setup"] = {some_output(random, random() % 20), below(60) * kSecond, chance(8) ? 5 : 0};
  story.plan.phases["train"] = {some_output(random, random() % 120), 1 + below(10 * kMinute),
                                chance(30) ? static_cast<int>(1 + below(3)) : 0};
  for (int64_t i = below(4); i > 0; --i)
    story.plan.artifacts["out/file" + std::to_string(i)] = std::string(static_cast<size_t>(below(9000)), 'a' + i);
  if (chance(15)) story.max_cost = 1.5, story.lenient = true;  // 4.5 minutes
  if (chance(25)) story.cancel_at_ms = below(12 * 60) * kSecond;
  for (int64_t i = below(4); i > 0; --i) story.crashes.push_back(1 + random() % 60);
  story.disk_full = chance(10);
  story.spec = R"({"name":"sim","provider":"sim","run":"train.sh","outputs":["out/"],"log_parser":"auto",)";
  if (setup) story.spec += R"("setup":"setup.sh",)";
  if (chance(30)) {
    story.spec += R"("checkpoints":{"path":"out/file*","every_minutes":0.1,"keep":2},)";
    story.network.piece_ms = below(10) * kSecond;
  }
  story.spec += R"("secrets":{"TOKEN":")" + std::string(kSecret) + R"("},"limits":{"max_cost":)" +
                std::to_string(story.max_cost) + "}}";
  return story;
}

std::string masked(std::string log) {
  const std::string secret = kSecret;
  for (size_t at = 0; (at = log.find(secret, at)) != std::string::npos;)
    log.replace(at, secret.size(), secret.size(), '*');
  return log;
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string number_after(const std::string& json, const std::string& key) {
  const size_t at = json.find("\"" + key + "\":");
  if (at == std::string::npos) return "";
  const size_t begin = at + key.size() + 3;
  return json.substr(begin, json.find_first_of(",}", begin) - begin);
}

class Judge {
 public:
  Judge(World& world, const Story& story, const std::string& id)
      : world_(world), story_(story), row_(world.job(id).value()), now_(world.scheduler.mono_ms()) {
    events_ = world.read([&](store::Connection& c) { return store::Events(c).after(id, 0, 1'000'000); });
    const auto rows = world.read([&](store::Connection& c) { return store::Instances(c).of_job(id); });
    for (const store::InstanceRow& it : rows)
      if (it.id == row_.instance_id)
        if (const auto found = world.network.machines.find(it.cloud_id); found != world.network.machines.end())
          machine_ = &found->second;
  }

  void judge() {
    money();
    runs();
    log();
    events();
    outcome();
  }

 private:
  void money() {
    EXPECT_TRUE(world_.cloud.living().empty()) << "a machine lives on";
    EXPECT_TRUE(world_.cloud.keys_left().empty()) << "a key is left: " << world_.cloud.keys_left().front();
    EXPECT_TRUE(world_.cloud.tokens_doubled().empty()) << "create was sent again";
    const int64_t cap = static_cast<int64_t>(story_.max_cost * 1e6);
    // Fetching what is there, deleting, and looking for what was made double.
    const int64_t tolerated = 2 * world_.cloud.micros_per_hour * 45 / 60;
    EXPECT_LE(world_.cloud.micros_billed(), cap + tolerated) << "more was spent than allowed";
  }

  void runs() {
    int runs = 0;
    for (const auto& [host, machine] : world_.network.machines) {
      runs += machine.runs("train");
      EXPECT_LE(machine.runs("train"), 1);
      EXPECT_EQ(machine.started_with_secrets(), machine.runs("train") > 0) << "without its secrets";
    }
    EXPECT_LE(runs, 1) << "the training ran on two machines";
  }

  void log() {
    stored_ = content(world_.folder() / "jobs" / row_.id / "log").substr(0, static_cast<size_t>(row_.log_bytes));
    ASSERT_EQ(stored_.size(), static_cast<size_t>(row_.log_bytes));
    const std::string wanted = machine_ ? masked(machine_->log(now_)) : "";
    ASSERT_EQ(stored_, wanted.substr(0, stored_.size())) << "the stored log is another one";
    if (!row_.exit_code || !machine_ || !machine_->exit_code("train", now_)) return;
    EXPECT_EQ(row_.log_bytes, machine_->log_end("train", now_)) << "the log was not stored to its end";
  }

  void events() {
    int64_t seq = 0, offset = 0, ends = 0;
    std::string steps, wanted;
    for (const store::EventRow& event : events_) {
      EXPECT_EQ(event.seq, ++seq);
      ends += event.kind == "end";
      if (event.kind == "log") {
        EXPECT_EQ(number_after(event.data, "offset"), std::to_string(offset)) << event.data;
        offset += std::stoll(number_after(event.data, "size"));
      }
      if (event.kind == "metric") steps += number_after(event.data, "step") + " ";
    }
    EXPECT_EQ(offset, row_.log_bytes) << "log events and cursor differ";
    EXPECT_EQ(ends, 1);
    std::string line;
    std::string text = stored_;
    std::replace(text.begin(), text.end(), '\r', '\n');
    const bool whole = machine_ && machine_->log_end("train", now_) == row_.log_bytes;
    for (std::istringstream lines(text); std::getline(lines, line);)
      if (const size_t at = line.find("step="); at != std::string::npos)
        wanted += std::to_string(std::atoll(line.c_str() + at + 5)) + " ";
    if (whole)
      EXPECT_EQ(steps, wanted) << "the metrics are not those of the log";
    else
      EXPECT_EQ(steps, wanted.substr(0, steps.size()));
  }

  void outcome() {
    const auto code = machine_ ? machine_->exit_code("train", now_) : std::nullopt;
    using store::JobState;
    EXPECT_TRUE(row_.state != JobState::cancelled || row_.cancel_requested);
    if (row_.state == JobState::succeeded) {
      EXPECT_EQ(code, 0);
      for (const auto& [path, bytes] : machine_->plan().artifacts)
        EXPECT_EQ(content(world_.folder() / "jobs" / row_.id / "artifacts" / path), bytes) << path;
    }
    if (row_.cancel_requested || story_.lenient) return;
    const auto setup = story_.plan.phases.find("setup");
    const bool ready = setup == story_.plan.phases.end() || setup->second.code == 0;
    const int planned = story_.plan.phases.at("train").code;
    EXPECT_EQ(row_.state, ready && planned == 0 ? JobState::succeeded : JobState::failed) << row_.reason;
    EXPECT_EQ(row_.exit_code, ready ? planned : setup->second.code) << row_.reason;
  }

  World& world_;
  const Story& story_;
  store::JobRow row_;
  int64_t now_;
  const Machine* machine_ = nullptr;
  std::vector<store::EventRow> events_;
  std::string stored_;
};

void tell(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Story story = story_of(seed);
  World world(seed, story.cloud);
  world.cloud.micros_per_hour = 20'000'000;
  world.network.plan = story.plan;
  world.network.traits = story.network;
  world.cancel_at_ms = story.cancel_at_ms;
  world.start();
  const std::string id = world.submit(story.spec);
  world.next_crashes = story.crashes;
  if (!world.next_crashes.empty()) {
    world.gate.crash_at = world.gate.commits + world.next_crashes.back();
    world.next_crashes.pop_back();
    world.gate.before = seed % 2 == 0;
  }
  if (story.disk_full) {
    world.gate.full_from = world.gate.commits + 1 + seed % 50;
    world.gate.full_to = world.gate.full_from + 5;
  }
  const bool ended = world.run_to_end(id, 48 * kHour);
  world.calm();
  if (ended) world.pass(2 * kHour);  // what turns up late is found and deleted
  EXPECT_TRUE(ended);
  if (ended) Judge(world, story, id).judge();
  if (!testing::Test::HasFailure()) return;
  for (const Rental& it : world.cloud.history())
    std::printf("%s %s made %ld removed %ld\n", it.id.c_str(), it.token.c_str(), it.made_ms, it.removed_ms);
  const auto row = world.job(id);
  std::printf("%s outcome %s: %s (%d crashes, last in %s)\n", to_string(row->state), row->outcome.c_str(),
              row->reason.c_str(), world.crashes, world.gate.crashed_in.c_str());
  for (size_t i = world.alarms.size() > 12 ? world.alarms.size() - 12 : 0; i < world.alarms.size(); ++i)
    std::printf("  %s\n", world.alarms[i].c_str());
}

constexpr char kPlain[] = R"({"name":"sim","provider":"sim","run":"x","outputs":["out/"],"limits":{"max_cost":50}})";

Plan short_training() {
  return {{{"train", {"step=1 loss=0.5\nstep=2 loss=0.5\n", 5 * kMinute, 0}}}, {{"out/a", "b"}}};
}

TEST(Job, APluginThatIsGoneAfterARestartIsWaitedForAndNotSpunOn) {
  World world(1, {});
  world.network.plan = short_training();
  world.start();
  const std::string id = world.submit(kPlain);
  world.pass(10 * kSecond);  // it boots
  ASSERT_EQ(world.cloud.living().size(), 1u);
  world.stop();
  world.provider_missing = true;
  world.start();
  const uint64_t before = world.scheduler.switches();
  world.pass(kHour);
  EXPECT_LT(world.scheduler.switches() - before, 10'000u);
  EXPECT_FALSE(is_terminal(world.job(id)->state)) << "it is still billing";
  EXPECT_NE(std::find(world.alarms.begin(), world.alarms.end(),
                      "deleting stk-01234567-" + id +
                          "-1 at sim: the plugin sim is not loaded; it is still billing, trying again"),
            world.alarms.end());
  world.stop();
  world.provider_missing = false;
  EXPECT_TRUE(world.run_to_end(id, kHour));
  EXPECT_TRUE(world.cloud.living().empty());
  EXPECT_EQ(world.job(id)->outcome, "failed");
}

// What no part of the agent expects.
class NoMemory final : public remote::Connector {
 public:
  std::unique_ptr<remote::Session> connect(const remote::Target&, const Wait&) override { throw std::bad_alloc(); }
};

TEST(Job, AnUnexpectedExceptionEndsTheJobAndNotTheAgent) {
  NoMemory connector;
  World world(1, {}, &connector);
  world.start();
  const std::string id = world.submit(kPlain);
  EXPECT_TRUE(world.run_to_end(id, kHour));
  EXPECT_EQ(world.job(id)->state, store::JobState::failed);
  EXPECT_EQ(world.job(id)->reason, "unexpected: std::bad_alloc");
  EXPECT_TRUE(world.cloud.living().empty());
}

TEST(Job, AParserThatFailsDoesNotCostTheTraining) {
  World world(1, {});
  world.parser.breaks_at_step = 2;
  world.network.plan = short_training();
  world.start();
  const std::string id = world.submit(kPlain);
  EXPECT_TRUE(world.run_to_end(id, 2 * kHour));
  EXPECT_EQ(world.job(id)->state, store::JobState::succeeded) << world.job(id)->reason;
}

TEST(Job, AnAgentThatComesBackWithoutNetworkDoesNotEndTheTraining) {
  World world(1, {});
  world.network.plan = short_training();
  world.network.plan.phases["train"].lasts_ms = 40 * kMinute;
  world.start();
  const std::string id = world.submit(kPlain);
  while (world.job(id)->state != store::JobState::running) world.pass(kSecond);
  world.pass(kMinute);
  world.stop();
  world.network.traits.down_from_ms = world.scheduler.mono_ms();
  world.network.traits.down_to_ms = world.scheduler.mono_ms() + 30 * kMinute;
  EXPECT_TRUE(world.run_to_end(id, 3 * kHour));
  EXPECT_EQ(world.job(id)->state, store::JobState::succeeded) << world.job(id)->reason;
}

TEST(Job, ACapEndsTheTrainingAndNotOnlyTheDeadlineBehindIt) {
  World world(1, {});
  world.cloud.micros_per_hour = 10'000'000;
  world.network.plan = short_training();
  world.network.plan.phases["train"].lasts_ms = 3 * kHour;
  world.start();
  const std::string id =
      world.submit(R"({"name":"sim","provider":"sim","run":"x","outputs":["out/"],"limits":{"max_cost":1}})");
  EXPECT_TRUE(world.run_to_end(id, kHour));
  EXPECT_EQ(world.job(id)->reason, "limits.max_cost of 1 USD is reached");
  EXPECT_LE(world.cloud.micros_billed(), 1'500'000);
}

// A training that prints a line every 6 s, and a checkpoint that takes a long time to come home.
constexpr char kWithCheckpoints[] = R"({"name":"sim","provider":"sim","run":"x",
"checkpoints":{"path":"out/checkpoint-*","every_minutes":1},"limits":{"max_cost":1}})";

void train_with_checkpoint(World& world, int64_t lasts_ms, size_t bytes) {
  std::string lines;
  for (int64_t i = 0; i < lasts_ms / (6 * kSecond); ++i) lines += "step=" + std::to_string(i) + " loss=0.5\n";
  world.network.plan = {{{"train", {lines, lasts_ms, 0}}}, {{"out/checkpoint-1", std::string(bytes, 'c')}}};
  world.network.traits.piece_ms = kSecond;
}

TEST(Job, TheLogIsFollowedWhileACheckpointComesHome) {
  World world(1, {});
  train_with_checkpoint(world, 10 * kMinute, 600 << 10);
  world.start();
  const std::string id = world.submit(kWithCheckpoints);
  EXPECT_TRUE(world.run_to_end(id, kHour));
  EXPECT_EQ(world.job(id)->state, store::JobState::succeeded) << world.job(id)->reason;
  const auto events = world.read([&](store::Connection& c) { return store::Events(c).after(id, 0, 10'000); });
  int64_t last_ms = 0, longest_ms = 0, lines = 0;
  for (const store::EventRow& event : events) {
    if (event.kind != "log") continue;
    if (lines++ > 0) longest_ms = std::max(longest_ms, event.t_ms - last_ms);
    last_ms = event.t_ms;
  }
  EXPECT_GE(lines, 80);
  EXPECT_LE(longest_ms, 20 * kSecond) << "the checkpoint takes five minutes";
}

TEST(Job, ACapHoldsWhileACheckpointComesHome) {
  World world(1, {});
  world.cloud.micros_per_hour = 10'000'000;
  train_with_checkpoint(world, 3 * kHour, 16 << 20);
  world.start();
  const std::string id = world.submit(kWithCheckpoints);
  EXPECT_TRUE(world.run_to_end(id, kHour));
  EXPECT_THAT(world.job(id)->reason, testing::HasSubstr("limits.max_cost of 1 USD is reached"));
  EXPECT_LE(world.cloud.micros_billed(), 3'000'000) << "6 minutes, and 10 for what can still be saved";
}

TEST(Job, ABreakLateInALongFetchIsNoReasonToGiveUp) {
  World world(1, {});
  world.network.plan = short_training();
  world.network.plan.phases["train"].code = 1;
  world.network.plan.artifacts["out/a"] = std::string(900 << 10, 'a');
  world.network.traits.piece_ms = kSecond;
  world.start();
  const std::string id = world.submit(kPlain);
  while (world.job(id)->state != store::JobState::collecting) world.pass(kSecond);
  world.network.traits.down_from_ms = world.scheduler.mono_ms() + 6 * kMinute;
  world.network.traits.down_to_ms = world.network.traits.down_from_ms + 5 * kSecond;
  EXPECT_TRUE(world.run_to_end(id, kHour));
  EXPECT_EQ(world.job(id)->outcome, "failed");
  EXPECT_THAT(world.job(id)->reason, testing::Not(testing::HasSubstr("fetched")));
  EXPECT_EQ(std::filesystem::file_size(world.folder() / "jobs" / id / "artifacts/out/a"), 900u << 10);
}

TEST(Job, ACancelWhileTheCloudIsDownIsNotWaitedOut) {
  CloudTraits down;
  down.unavailable_percent = 100;
  World world(1, down);
  world.start();
  const std::string id = world.submit(kPlain);
  world.pass(kMinute);
  world.cancel(id);
  world.cloud.faults_on = false;
  EXPECT_TRUE(world.run_to_end(id, 10 * kMinute));
  EXPECT_EQ(world.job(id)->state, store::JobState::cancelled);
  EXPECT_TRUE(world.cloud.history().empty());
}

TEST(Job, AnyStoryEndsWell) {
  const char* wanted = ::getenv("STOKER_SIMULATION_SEEDS");
  const char* first = ::getenv("STOKER_SIMULATION_FIRST");
  const uint64_t begin = first ? std::stoull(first) : 1, seeds = wanted ? std::stoull(wanted) : 60;
  for (uint64_t seed = begin; seed < begin + seeds && !HasFailure(); ++seed) tell(seed);
}

}  // namespace
}  // namespace stoker::simulation
