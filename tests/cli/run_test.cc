#include <gmock/gmock.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <condition_variable>
#include <mutex>

#include "core/cli/command.h"
#include "core/cli/start_agent.h"
#include "core/private_file.h"
#include "tests/cli/called.h"
#include "tests/cli/test_server.h"

namespace stoker::cli {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// The agent as `stoker run` sees it: one job that ends as `outcome` says.
class RunTest : public ::testing::Test {
 protected:
  RunTest() : server_([this](auto& request, auto& response) { serve(request, response); }) {
    char name[] = "/tmp/stoker-cli-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::ofstream(folder_ / "job.yaml") << "name: tiny\nrun: echo\nlimits:\n  max_cost: 3\n";
  }
  ~RunTest() override { fs::remove_all(folder_); }

  void serve(net::HTTPServerRequest& request, net::HTTPServerResponse& response) {
    const std::string what = request.getMethod() + " " + request.getURI();
    if (what == "POST /v1/jobs") {
      const std::string body(std::istreambuf_iterator<char>(request.stream()), {});
      const std::lock_guard lock(mutex_);
      submitted_ = body;
      key_ = request.get("Idempotency-Key", "");
      return refuse_ ? answer(response, 422,
                              R"({"detail":"max_cost is too low","hint":"5 at least","field":"limits.max_cost"})")
                     : answer(response, 202, R"({"id":"abcdefgh23456","state":"queued"})");
    }
    if (what == "GET /v1/jobs/abcdefgh23456/events") {
      response.setChunkedTransferEncoding(true);
      std::ostream& out = response.send();
      out << "id: 1\nevent: state\ndata: {\"state\":\"running\"}\n\nid: 2\nevent: log\ndata: "
             "{\"offset\":0,\"text\":\"hello\\n\"}\n\n"
          << std::flush;
      if (!wait_for_cancel_ || cancelled_.wait())
        out << "id: 3\nevent: end\ndata: {\"state\":\"" + outcome_ + "\"}\n\n" << std::flush;
      return;
    }
    if (what == "GET /v1/jobs/abcdefgh23456")
      return answer(
          response, 200,
          R"({"id":"abcdefgh23456","name":"tiny","state":")" + outcome_ + R"(","outcome":")" + outcome_ +
              R"(","reason":"r\u001b[1mx","hint":"h","exit_code":null,"cost":{"so_far":0.25,"currency":"USD"}})");
    if (what == "POST /v1/jobs/abcdefgh23456/cancel") {
      cancelled_.set();
      return answer(response, 202, "{}");
    }
    answer(response, what == "GET /v1/health" ? 200 : 404, "{}");
  }

  Result run(std::vector<std::string> words) {
    Entry entry;
    entry.serve = [](const ServeOptions&) { return 1; };
    entry.settings = [this](const Flags&) {
      Settings settings;
      settings.state_dir = folder_ / "state";
      return settings;
    };
    entry.client_view = [this](const fs::path&) { return ClientView{"127.0.0.1", server_.port(), "t"}; };
    words.insert(words.begin(), {"run", (folder_ / "job.yaml").string()});
    return call_main(entry, std::move(words));
  }

  class Event {
   public:
    bool wait() {
      std::unique_lock lock(mutex_);
      return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return set_; });
    }
    void set() {
      const std::lock_guard lock(mutex_);
      set_ = true;
      changed_.notify_all();
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
  };

  fs::path folder_;
  std::mutex mutex_;
  std::string submitted_, key_, outcome_ = "succeeded";
  bool refuse_ = false, wait_for_cancel_ = false;
  Event cancelled_;
  Server server_;
};

TEST_F(RunTest, follows_the_job_to_its_end) {
  const Result result = run({"--set", "limits.max_cost=5", "--env", "A=1", "--provider", "local"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "hello\n");
  EXPECT_EQ(submitted_, R"({"name":"tiny","run":"echo","limits":{"max_cost":5},"env":{"A":"1"},"provider":"local"})");
  EXPECT_EQ(key_.size(), 32U);
  EXPECT_THAT(result.err, HasSubstr("job abcdefgh23456 (tiny): succeeded\nreason: rx\nhint: h\ncost: $0.25\n"));
}

TEST_F(RunTest, a_failed_job_is_1) {
  outcome_ = "failed";
  EXPECT_EQ(run({}).code, 1);
}

TEST_F(RunTest, a_refused_spec_is_2_with_the_line) {
  refuse_ = true;
  const Result result = run({});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.err, "stoker: " + (folder_ / "job.yaml").string() + ":4: max_cost is too low\nhint: 5 at least\n");
}

TEST_F(RunTest, detach_prints_the_id) {
  EXPECT_EQ(run({"--detach"}).out, "abcdefgh23456\n");
  EXPECT_EQ(run({"--detach", "--json"}).out, "{\"id\":\"abcdefgh23456\",\"state\":\"queued\"}\n");
}

TEST_F(RunTest, ctrl_c_without_a_terminal_cancels) {
  wait_for_cancel_ = true;
  outcome_ = "cancelled";
  // Pending for the whole process before the command looks: blocked here, so that no thread of the test dies of it.
  sigset_t set, before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  ::pthread_kill(::pthread_self(), SIGTERM);
  const Result result = run({});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("cancelling"));
}

TEST_F(RunTest, starts_an_agent_and_waits_for_its_answer) {
  SystemClock clock;
  const fs::path state = folder_ / "state", sign = folder_ / "answers";
  const BackgroundAgent agent{"/bin/sh", {"-c", "echo started; : > " + sign.string() + "; exec sleep 60"}, state};
  const int pid = start_agent(agent, [&] { return fs::exists(sign); }, clock, Wait{{}, clock.mono_ms() + 10 * kSecond});
  ASSERT_GT(pid, 0);
  EXPECT_EQ(::getsid(pid), pid);
  EXPECT_EQ(read_file(state / "agent.log"), "started\n");
  EXPECT_NO_THROW(require_private(state / "agent.log"));
  EXPECT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST_F(RunTest, says_why_the_agent_did_not_start) {
  SystemClock clock;
  const BackgroundAgent agent{"/bin/sh",
                              {"-c", "echo first; echo stoker: port is taken >&2; echo hint: take another; exit 1"},
                              folder_ / "state"};
  try {
    start_agent(agent, [] { return false; }, clock, Wait{{}, clock.mono_ms() + 300});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "the agent that was started ended at once: port is taken");
    EXPECT_EQ(e.code, kNoAgent);
  }
}

}  // namespace
}  // namespace stoker::cli
