#include <unistd.h>

#include "core/cli/command.h"
#include "core/cli/interrupt.h"
#include "core/cli/json_reader.h"
#include "core/cli/plain_text.h"

namespace stoker::cli {
namespace {

constexpr int64_t kComeBackMs = 60 * kSecond;

bool has_ended(const AgentClient& agent, const std::string& id) {
  const std::string state = Json::parse(agent.get("/v1/jobs/" + id), "the job")["state"].text();
  return state == "succeeded" || state == "failed" || state == "cancelled";
}

int run(Invocation& call) {
  const AgentClient agent = call.agent();
  const std::string id = full_id(agent, "/v1/jobs", call.arguments.text("JOB"));
  const bool follow = call.arguments.has("--follow");
  // Into a file or a pipe go the bytes themselves; what a terminal gets can't steer it.
  const bool raw = ::isatty(STDOUT_FILENO) == 0;
  LogText text;
  int64_t offset = 0, heard_ms = call.clock.mono_ms();
  const Interrupts interrupts;
  bool interrupted = false;
  AgentClient::Stream stream;
  stream.silence_ms = follow ? 24 * kHour : 60 * kSecond;  // a training may print nothing for hours
  stream.go_on = [&] { return !(interrupted = interrupted || interrupts.taken()); };
  stream.sink = [&](std::string_view bytes) {
    heard_ms = call.clock.mono_ms();
    offset += static_cast<int64_t>(bytes.size());
    if (raw)
      call.out << bytes << std::flush;
    else
      call.out << text.feed(bytes) << std::flush;
  };
  for (;;) {
    const std::string from = std::to_string(offset);
    stream.path = "/v1/jobs/" + id + "/log" + (follow ? "?follow=true&from=" + from : "");
    stream.headers.clear();
    if (!follow && offset > 0) stream.headers = {{"Range", "bytes=" + from + "-"}};
    try {
      const StreamEnd end = agent.stream(stream);
      if (interrupted || (end == StreamEnd::complete && (!follow || has_ended(agent, id)))) break;
    } catch (const Error& e) {
      if (!follow && offset > 0 && e.fault == Fault::invalid) break;  // 416: there is no more
      if (!follow || e.code != kNoAgent || call.clock.mono_ms() - heard_ms > kComeBackMs) throw;
    }
    if (!stream.go_on()) break;
    call.clock.sleep(500, Wait{});
  }
  if (!raw) call.out << text.finish();
  return interrupted ? kCancelled : kDone;
}

}  // namespace

Command logs_command() {
  return {"logs",
          "Print the log of a job",
          {{"JOB", "its id, or the beginning of it"}},
          {{"--follow", "", "go on until the job ends"}},
          run,
          "0    done\n  1    failed\n  2    bad usage\n  3    no agent can be reached\n  130  interrupted"};
}

}  // namespace stoker::cli
