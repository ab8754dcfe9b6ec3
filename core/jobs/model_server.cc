#include "core/jobs/model_server.h"

#include <algorithm>
#include <functional>

#include "core/jobs/machine_keys.h"
#include "core/jobs/warm_start.h"
#include "core/remote/shell_words.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

constexpr const char* kPhase = "train";  // of the two that the runner knows
constexpr int64_t kLookMs = 200, kStatusMs = 2 * kSecond;
constexpr int kFirstPort = 20'000, kPorts = 12'000;  // below those that Linux gives to outgoing connections
constexpr int kMostPorts = 20;
constexpr int64_t kTailBytes = 1500;

}  // namespace

std::unique_ptr<remote::Stream> connect_if_it_listens(remote::Tunnel& tunnel, int port, const Wait& wait) {
  try {
    return tunnel.open_tcp("127.0.0.1", static_cast<uint16_t>(port), wait);
  } catch (const Error& error) {
    if (error.fault != Fault::not_found) throw;
    return nullptr;
  }
}

ModelServer::ModelServer(const PipelineContext& ctx, store::JobRow job, JobSpec spec, store::InstanceRow machine)
    : ctx_(ctx), job_(std::move(job)), spec_(std::move(spec)), machine_(std::move(machine)) {}

std::unique_ptr<remote::Stream> ModelServer::connect(remote::Tunnel& tunnel, const Wait& wait) {
  const auto session = ctx_.connector.connect(find_login(ctx_, machine_, wait), wait);
  const store::UseRow use{machine_.id, job_.id, job_.attempt, 0, 0};
  remote::RunnerClient runner(*session, ctx_.runners, serving_folder_of(use));
  runner.install(wait);
  // Read again: whoever had the turn before may have started it.
  machine_ = ctx_.db.read([&](store::Connection& c) { return store::Instances(c).find(machine_.id); }).value();
  remote::PhaseStatus status = runner.status(kPhase, wait);
  if (status.state == "absent" || status.ended() || machine_.serve_port == 0) start(runner, tunnel, wait);
  int64_t asked_ms = ctx_.clock.mono_ms();
  for (;;) {
    if (auto stream = connect_if_it_listens(tunnel, machine_.serve_port, wait)) return stream;
    if (ctx_.clock.mono_ms() - asked_ms >= kStatusMs) {
      status = runner.status(kPhase, wait);
      if (status.ended()) throw ended(runner, status, wait);
      asked_ms = ctx_.clock.mono_ms();
    }
    ctx_.clock.sleep(kLookMs, wait);
    ctx_.clock.check(wait, "waiting for the model to be served");
  }
}

// The port is committed first: an agent that dies in between finds the server where it said.
void ModelServer::start(remote::RunnerClient& runner, remote::Tunnel& tunnel, const Wait& wait) {
  runner.clean(wait);
  runner.install(wait);
  const int port = choose_port(tunnel, wait);
  machine_ = ctx_.db.write("serve", [&](store::Connection& connection) {
    store::Instances rows(connection);
    store::InstanceRow row = rows.find(machine_.id).value();
    if (!row.kept || row.holder != job_.id)
      throw Error(Fault::conflict, "no machine is kept for job " + job_.id + " any more");
    row.serve_port = port;
    rows.update(row);
    return row;
  });
  const std::string root = runner.job_path().substr(0, runner.job_path().find_last_of('/') + 1);
  const std::string folder = root + folder_of({machine_.id, job_.id, job_.attempt, 0, 0});
  const std::vector<remote::UploadFile> files{{"spec.json", {}, runner_spec(folder, port), false}};
  runner.upload(files, nullptr, wait);
  const remote::PhaseStatus status = runner.start(kPhase, wait);
  if (status.state == "absent") throw Error(Fault::internal, "the model's server did not start");
}

int ModelServer::choose_port(remote::Tunnel& tunnel, const Wait& wait) const {
  const auto is_free = [&](int port) { return connect_if_it_listens(tunnel, port, wait) == nullptr; };
  if (spec_.serve.port > 0) {
    const auto port = static_cast<int>(spec_.serve.port);
    if (!is_free(port))
      throw Error(Fault::conflict,
                  "port " + std::to_string(port) + " of " + machine_.id + " is taken by another program",
                  "leave serve.port out and listen on $STOKER_PORT");
    return port;
  }
  const size_t begin = std::hash<std::string>()(machine_.id);
  for (size_t i = 0; i < kMostPorts; ++i) {
    const int port = kFirstPort + static_cast<int>((begin + i) % kPorts);
    if (is_free(port)) return port;
  }
  throw Error(Fault::unavailable, "no free port was found on " + machine_.id, "give serve.port");
}

std::string ModelServer::runner_spec(const std::string& folder, int port) const {
  const std::string command = "export STOKER_ARTIFACTS=" + remote::shell_quote(folder + "/artifacts") + "\ncd " +
                              remote::shell_quote(folder + "/work") + " || exit\n" + spec_.serve.command;
  JsonWriter json;
  json.begin_object().member("job", job_.id).member("attempt", job_.attempt).key("phases").begin_object();
  json.key(kPhase).begin_object().member("command", command).end_object().end_object().key("env").begin_object();
  json.member("STOKER_PORT", std::to_string(port));
  for (const auto& [name, value] : spec_.env) json.member(name, value);
  return json.end_object().end_object().str();
}

Error ModelServer::ended(remote::RunnerClient& runner, const remote::PhaseStatus& status, const Wait& wait) const {
  std::string log;
  remote::FollowSink sink;
  sink.data = [&](int64_t, std::string_view bytes) { return log.append(bytes), true; };
  (void)runner.follow(kPhase, std::max<int64_t>(0, status.log_size - kTailBytes), sink, wait);
  while (log.ends_with('\n')) log.pop_back();
  const std::string code = status.exit_code ? " with code " + std::to_string(*status.exit_code) : "";
  return {Fault::unavailable, "the program that serves the model of job " + job_.id + " ended" + code,
          log.empty() ? "it printed nothing" : "it printed: " + to_utf8(log)};
}

}  // namespace stoker::jobs
