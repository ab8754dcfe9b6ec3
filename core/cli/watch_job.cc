#include "core/cli/watch_job.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cli/follow.h"
#include "core/cli/interrupt.h"
#include "core/cli/job_screen.h"
#include "core/cli/job_summary.h"

namespace stoker::cli {
namespace {

JobScreen::Look look_of(const Invocation& call) {
  JobScreen::Look look;
  look.json = call.json;
  look.terminal = ::isatty(STDOUT_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) look.columns = size.ws_col;
  return look;
}

// What Ctrl-C has led to so far.
class Leaving {
 public:
  Leaving(const AgentClient& agent, const std::string& id, JobScreen& screen)
      : agent_(agent), id_(id), screen_(screen) {}

  // False: stop watching.
  bool go_on() {
    if (!interrupts_.taken()) {
      if (wanted_ && !cancelled_) cancel();
      return true;
    }
    if (wanted_) return false;
    if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0) {
      screen_.note("[d]etach and let it run, or [c]ancel the job? (any other key: go on watching)");
      const auto answer = interrupts_.ask();
      if (answer == 'd') detached_ = true;
      if (answer == 'd') return false;
      if (answer && answer != 'c') return true;
    }
    cancel();
    return true;
  }

  [[nodiscard]] bool detached() const { return detached_; }

 private:
  // While the agent is away the wish stays.
  void cancel() {
    wanted_ = true;
    try {
      agent_.post("/v1/jobs/" + id_ + "/cancel", "");
      cancelled_ = true;
      screen_.note(
          "cancelling; what it made is fetched and its machine released (Ctrl-C again: leave that to the agent)");
    } catch (const Error& e) {
      if (e.code == kNoAgent) return;
      if (e.fault != Fault::conflict) throw;
      cancelled_ = true;  // it has ended meanwhile
    }
  }

  const AgentClient& agent_;
  const std::string& id_;
  JobScreen& screen_;
  Interrupts interrupts_;
  bool wanted_ = false, cancelled_ = false, detached_ = false;
};

int exit_code(const Json& job) {
  std::string outcome = job["outcome"].text();
  if (outcome.empty()) outcome = job["state"].text();
  if (outcome == "succeeded") return kDone;
  return outcome == "cancelled" ? kCancelled : kFailed;
}

}  // namespace

int watch_job(Invocation& call, const AgentClient& agent, const std::string& id) {
  JobScreen screen(look_of(call), call.out, call.err);
  Leaving leaving(agent, id, screen);
  bool ended = false;
  try {
    ended = follow_events(
        agent, call.clock, id, {}, [&](const ServerEvent& event) { screen.show(event); },
        [&] { return leaving.go_on(); },
        [&](bool lost) {
          screen.note(lost ? "the agent went away; waiting for it to come back" : "the agent is back");
        });
  } catch (...) {
    screen.finish();
    throw;
  }
  screen.finish();
  if (!ended) {
    call.note(leaving.detached()
                  ? "detached; job " + id + " goes on (`stoker show " + id + "`, `stoker logs " + id + " --follow`)"
                  : "job " + id + " is being cancelled by the agent");
    return leaving.detached() ? kDone : kCancelled;
  }
  const std::string answer = agent.get("/v1/jobs/" + id);
  const Json job = Json::parse(answer, "the job");
  if (call.json)
    call.out << answer << "\n";
  else
    print_job_summary(job, call.settings().state_dir, call.err);
  return exit_code(job);
}

}  // namespace stoker::cli
