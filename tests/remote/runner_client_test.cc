#include "core/remote/runner_client.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "core/private_file.h"
#include "core/remote/digest.h"
#include "core/remote/libssh2_session.h"
#include "core/remote/shell_words.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"
#include "tests/remote/sshd_fixture.h"

namespace stoker::remote {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kRunners = fs::path(STOKER_BUILD_DIR) / "lib/stoker/runner";

std::string random_bytes(size_t size) {
  std::string bytes(size, '\0');
  std::mt19937_64 random(size);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

template <typename Call>
Error failure_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Fault::internal, "nothing was thrown"};
}

struct RunnerClientTest : testing::Test {
  std::string name = testing::TempDir() + "stoker-runner-XXXXXX";
  fs::path folder = ::mkdtemp(name.data()), home = folder / "home's \"own\"";
  Sshd sshd{{"SetEnv=HOME=\"" + escaped(home) + "\""}};
  SystemClock clock;
  LibsshConnector connector{clock};
  std::unique_ptr<Session> session;
  std::optional<RunnerClient> runner;
  fs::path job = home / ".stoker/jobs/j1-1";

  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char byte : text) out += byte == '"' ? std::string("\\\"") : std::string(1, byte);
    return out;
  }

  RunnerClientTest() {
    fs::create_directories(home);
    connect();
  }
  ~RunnerClientTest() override {
    runner.reset();
    session.reset();
    try {
      connect();
      runner->clean({});
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    fs::remove_all(folder);
  }

  void connect() {
    session = connector.connect(sshd.target(), {});
    runner.emplace(*session, kRunners, "j1-1");
    runner->install({});
  }

  void start(const std::string& command) {
    JsonWriter json;
    json.begin_object().member("job", "j1").member("attempt", 1).key("phases").begin_object().key("train");
    json.begin_object().member("command", command).end_object().end_object().key("env").begin_object().end_object();
    runner->upload({{"spec.json", {}, json.end_object().str()}}, nullptr, {});
    EXPECT_NE(runner->start("train", {}).state, "absent");
  }

  [[nodiscard]] static std::string content(const fs::path& path) { return read_file(path, 256 << 20); }
};

TEST_F(RunnerClientTest, InstallsOnce) {
  const auto program = [&] {
    for (const auto& entry : fs::recursive_directory_iterator(home / ".stoker"))
      if (entry.path().filename() == "stoker-runner") return entry.path();
    return fs::path();
  };
  struct stat first{}, second{};
  ASSERT_EQ(::stat(program().c_str(), &first), 0);
  EXPECT_EQ(content(program()), content(kRunners / "stoker-runner-x86_64"));
  runner->install({});
  ASSERT_EQ(::stat(program().c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
  for (const fs::path& made : {home / ".stoker", program().parent_path(), job})
    EXPECT_EQ(fs::status(made).permissions(), fs::perms::owner_all) << made;
}

TEST_F(RunnerClientTest, ReplacesADamagedProgram) {
  for (const auto& entry : fs::recursive_directory_iterator(home / ".stoker"))
    if (entry.path().filename() == "stoker-runner") {
      fs::resize_file(entry.path(), 1000);
      runner->install({});
      EXPECT_EQ(content(entry.path()), content(kRunners / "stoker-runner-x86_64"));
      return;
    }
  FAIL();
}

TEST_F(RunnerClientTest, AnUnknownMachineIsNamed) {
  fs::create_directories(folder / "only");
  fs::copy_file(kRunners / "stoker-runner-x86_64", folder / "only/stoker-runner-aarch64");
  RunnerClient other(*session, folder / "only", "j1-1");
  const Error error = failure_of([&] { other.install({}); });
  EXPECT_EQ(error.fault, Fault::unsupported);
  EXPECT_STREQ(error.what(), "the machine is of architecture \"x86_64\"; stoker-runner is there for aarch64, arm64");
}

TEST_F(RunnerClientTest, UploadsFilesOfManySizesAndSkipsThemNextTime) {
  std::vector<UploadFile> files;
  for (const size_t size : {0, 1, 1000, 262144, 262145, 3 << 20}) {
    write_private_file(folder / std::to_string(size), random_bytes(size));
    files.push_back({"work/data/" + std::to_string(size), folder / std::to_string(size), {}, size == 1000});
  }
  files.push_back({"work/it's \"here\" $HOME", {}, "direct", false});
  int64_t done = 0, total = 0;
  const auto progress = [&](int64_t now, int64_t of) { done = now, total = of; };
  runner->upload(files, progress, {});
  EXPECT_EQ(done, total);
  for (const size_t size : {0, 1, 1000, 262144, 262145, 3 << 20})
    EXPECT_EQ(content(job / "work/data" / std::to_string(size)), random_bytes(size)) << size;
  EXPECT_EQ(content(job / "work/it's \"here\" $HOME"), "direct");
  EXPECT_NE(fs::status(job / "work/data/1000").permissions() & fs::perms::owner_exec, fs::perms::none);
  const auto before = fs::last_write_time(job / "work/data/1000");
  int calls = 0;
  const auto count = [&](int64_t now, int64_t of) {
    ++calls;
    EXPECT_EQ(now, of);
  };
  runner->upload(files, count, {});
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(fs::last_write_time(job / "work/data/1000"), before);
}

TEST_F(RunnerClientTest, ResumesAnUploadAfterACut) {
  const std::string bytes = random_bytes(48 << 20);
  write_private_file(folder / "big", bytes);
  const std::vector<UploadFile> files = {{"work/big", folder / "big", {}, false}};
  bool cut = false;
  const auto cutting = [&](int64_t now, int64_t) {
    if (cut || now < (24 << 20)) return;
    cut = true;
    sshd.cut_sessions();
  };
  EXPECT_EQ(failure_of([&] { runner->upload(files, cutting, {}); }).fault, Fault::unavailable);
  connect();
  int64_t first = -1;
  runner->upload(files, [&](int64_t now, int64_t) { first = first < 0 ? now : first; }, {});
  EXPECT_GT(first, 1 << 20);
  EXPECT_TRUE(content(job / "work/big") == bytes);
}

TEST_F(RunnerClientTest, APartOfAnotherFileIsNotResumed) {
  write_private_file(job / "work/file.part", std::string(1000, 'x'));
  write_private_file(folder / "file", random_bytes(5000));
  runner->upload({{"work/file", folder / "file", {}, false}}, nullptr, {});
  EXPECT_EQ(content(job / "work/file"), random_bytes(5000));
}

TEST_F(RunnerClientTest, AFileThatChangesWhileItIsSentIsNamed) {
  write_private_file(folder / "moving", random_bytes(8 << 20));
  bool shrunk = false;
  const auto shrink = [&](int64_t now, int64_t) {
    if (now > 0 && !std::exchange(shrunk, true)) fs::resize_file(folder / "moving", 300'000);
  };
  const Error error = failure_of([&] { runner->upload({{"work/m", folder / "moving", {}, false}}, shrink, {}); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_EQ(error.what(), (folder / "moving").string() + " changed while it was sent");
}

TEST_F(RunnerClientTest, TwoThousandSmallFilesInOneStream) {
  std::vector<UploadFile> files;
  for (int i = 0; i < 2000; ++i) files.push_back({"work/s/" + std::to_string(i), {}, random_bytes(1024), false});
  runner->upload(files, nullptr, {});
  EXPECT_EQ(std::distance(fs::directory_iterator(job / "work/s"), fs::directory_iterator()), 2000);
  EXPECT_EQ(content(job / "work/s/1999"), random_bytes(1024));
}

TEST_F(RunnerClientTest, AnUnsafeUploadIsRefusedByTheRunner) {
  const Error error = failure_of([&] { runner->upload({{"../escape", {}, "x", false}}, nullptr, {}); });
  EXPECT_EQ(error.fault, Fault::invalid);
  EXPECT_THAT(error.what(), HasSubstr("../escape"));
}

TEST_F(RunnerClientTest, FollowsTheLogByteForByteAndFromAnOffset) {
  start("for i in $(seq 1 50); do echo line $i; sleep 0.01; done; seq 1 100000; printf end; exit 7");
  std::string log;
  FollowSink sink;
  sink.data = [&](int64_t offset, std::string_view bytes) {
    EXPECT_EQ(offset, static_cast<int64_t>(log.size()));
    return log.append(bytes), true;
  };
  const auto status = runner->follow("train", 0, sink, {});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->exit_code, 7);
  EXPECT_TRUE(log == content(job / "log"));
  EXPECT_TRUE(log.ends_with("100000\nend"));
  const int64_t from = static_cast<int64_t>(log.size()) / 2;
  connect();
  std::string rest;
  sink.data = [&](int64_t, std::string_view bytes) { return rest.append(bytes), true; };
  EXPECT_TRUE(runner->follow("train", from, sink, {}));
  EXPECT_TRUE(rest == log.substr(static_cast<size_t>(from)));
}

TEST_F(RunnerClientTest, FollowStopsWhenTheSinkSaysSoAndStopEndsTheJob) {
  start("echo up; sleep 600");
  FollowSink sink;
  std::string log;
  sink.data = [&](int64_t, std::string_view bytes) { return log.append(bytes), false; };
  EXPECT_FALSE(runner->follow("train", 0, sink, {}));
  EXPECT_EQ(log, "up\n");
  EXPECT_EQ(runner->status("train", {}).state, "running");
  EXPECT_EQ(runner->start("train", {}).state, "running");
  runner->stop(2000, {});
  ASSERT_TRUE(eventually([&] { return runner->status("train", {}).ended(); }));
  EXPECT_TRUE(runner->status("train", {}).exit_signal.has_value());
}

TEST_F(RunnerClientTest, SecretsReachTheCommand) {
  runner->put_secrets({{"TOKEN", "a b'c\"$d"}}, {});
  start("printf %s \"$TOKEN\"");
  std::string log;
  FollowSink sink;
  sink.data = [&](int64_t, std::string_view bytes) { return log.append(bytes), true; };
  EXPECT_TRUE(runner->follow("train", 0, sink, {}));
  EXPECT_EQ(log, "a b'c\"$d");
}

TEST_F(RunnerClientTest, ListsAndFetchesWithResume) {
  const std::string bytes = random_bytes(5 << 20);
  runner->upload({{"artifacts/model.bin", {}, bytes, false},
                  {"work/out/a.txt", {}, "a", false},
                  {"work/no.txt", {}, "n", false},
                  {"artifacts/empty", {}, "", false}},
                 nullptr, {});
  write_private_file(job / "artifacts/bad\nname", "x");
  size_t refused = 0;
  const auto entries = runner->manifest({"out/"}, refused, nullptr, {});
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(entries[0].path, "artifacts/empty");
  EXPECT_EQ(entries[1].path, "artifacts/model.bin");
  EXPECT_EQ(entries[2].path, "out/a.txt");
  runner->fetch(entries[0], folder / "empty", {}, {});
  EXPECT_EQ(content(folder / "empty"), "");
  write_private_file(folder / "model.part", bytes.substr(0, 3 << 20));
  runner->fetch(entries[1], folder / "model", {}, {});
  EXPECT_TRUE(content(folder / "model") == bytes);
  write_private_file(folder / "model2.part", random_bytes(100));
  runner->fetch(entries[1], folder / "model2", {}, {});
  EXPECT_TRUE(content(folder / "model2") == bytes);
  EXPECT_FALSE(fs::exists(folder / "model2.part"));
}

TEST_F(RunnerClientTest, OtherCommandsRunWhileAFileComes) {
  const std::string bytes = random_bytes(20 << 20);
  runner->upload({{"artifacts/model.bin", {}, bytes, false}}, nullptr, {});
  start("echo hello; sleep 60");
  size_t refused = 0;
  const auto entries = runner->manifest({}, refused, nullptr, {});
  ASSERT_EQ(entries.size(), 1U);
  int turns = 0;
  std::string log;
  FollowSink follow;
  follow.data = [&](int64_t, std::string_view more) { return log += more, false; };
  const auto arriving = [&] {
    if (++turns % 40 != 1) return;
    log.clear();
    EXPECT_EQ(runner->status("train", {}).state, "running");
    EXPECT_FALSE(runner->follow("train", 0, follow, {}));
    EXPECT_EQ(log, "hello\n");
  };
  runner->fetch(entries[0], folder / "model", {arriving, nullptr}, {});
  EXPECT_GT(turns, 40);
  EXPECT_TRUE(content(folder / "model") == bytes);
}

// A machine that says no more, while its sshd goes on answering.
class StalledSession final : public Session {
 public:
  ExecResult exec(const Exec& exec, const Wait&) override {
    while (exec.tick()) {
    }
    return {};
  }
};

TEST_F(RunnerClientTest, AFetchThatStallsIsGivenUpAfterAMinute) {
  StalledSession stalled;
  RunnerClient client(stalled, kRunners, "j1-1");
  int seconds = 0;
  const Error error = failure_of(
      [&] { client.fetch({"out/model", 10, 1, "0123456789abcdef"}, folder / "m", {nullptr, [&] { ++seconds; }}, {}); });
  EXPECT_EQ(error.fault, Fault::unavailable);
  EXPECT_STREQ(error.what(), "nothing came of out/model for a minute");
  EXPECT_EQ(seconds, 60);
}

TEST_F(RunnerClientTest, AFetchFollowsNoSymlinkAndNoChangedFile) {
  runner->upload({{"artifacts/f", {}, "abc", false}}, nullptr, {});
  size_t refused = 0;
  auto entries = runner->manifest({}, refused, nullptr, {});
  ASSERT_EQ(entries.size(), 1U);
  write_private_file(folder / "victim", "keep");
  fs::create_symlink(folder / "victim", folder / "f.part");
  EXPECT_THROW(runner->fetch(entries[0], folder / "f", {}, {}), Error);
  EXPECT_EQ(content(folder / "victim"), "keep");
  write_private_file(job / "artifacts/f", "xyz");
  const Error error = failure_of([&] { runner->fetch(entries[0], folder / "g", {}, {}); });
  EXPECT_EQ(error.fault, Fault::conflict);  // trying again would not help
  EXPECT_STREQ(error.what(), "artifacts/f changed on the machine since it was listed");
}

TEST_F(RunnerClientTest, OfAFileThatGrowsWhatWasListedIsFetched) {
  runner->upload({{"artifacts/log", {}, "first\n", false}, {"artifacts/new", {}, "", false}}, nullptr, {});
  size_t refused = 0;
  const auto entries = runner->manifest({}, refused, nullptr, {});
  ASSERT_EQ(entries.size(), 2U);
  std::ofstream(job / "artifacts/log", std::ios::app) << random_bytes(3 << 20);
  std::ofstream(job / "artifacts/new", std::ios::app) << random_bytes(3 << 20);
  runner->fetch(entries[0], folder / "log", {}, {});
  EXPECT_EQ(content(folder / "log"), "first\n");
  runner->fetch(entries[1], folder / "new", {}, {});
  EXPECT_EQ(content(folder / "new"), "");
}

TEST_F(RunnerClientTest, ArmsBeatsAndCleans) {
  const Armed armed = runner->arm(3'600'000, 600'000, false, {});
  EXPECT_TRUE(armed.armed);
  EXPECT_FALSE(armed.power_off);
  EXPECT_EQ(armed.hard_cap_ms, 3'600'000);
  EXPECT_EQ(armed.idle_ms, 600'000);
  runner->beat({});
  EXPECT_TRUE(fs::exists(job / "beat"));
  runner->clean({});
  EXPECT_FALSE(fs::exists(job));
}

TEST(ShellQuote, OneWordWhateverItHolds) {
  for (const std::string word : {"", "a b", "it's", "$HOME `x` \\ \"q\" ; & | * ?", "\n", "-n"})
    EXPECT_EQ(run_program({"sh", "-c", "printf %s " + shell_quote(word)}), word);
  EXPECT_THROW(static_cast<void>(shell_quote(std::string_view("a\0b", 3))), Error);
}

}  // namespace
}  // namespace stoker::remote
