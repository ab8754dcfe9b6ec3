#include <charconv>

#include "core/cli/ssh_client.h"

namespace stoker::cli {
namespace {

int port_of(const std::string& text) {
  int port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || stop != text.data() + text.size() || port < 1 || port > 65535)
    throw bad_usage("`" + text + "` is not a port", "PORTS is LOCAL:REMOTE, for example 8000:8000");
  return port;
}

int run(Invocation& call) {
  const std::string ports = call.arguments.text("PORTS");
  const size_t colon = ports.find(':');
  const int local = port_of(ports.substr(0, colon));
  const int remote = colon == std::string::npos ? local : port_of(ports.substr(colon + 1));
  const std::string id = full_id(call.agent(), "/v1/instances", call.arguments.text("INSTANCE"));
  const std::string here = "127.0.0.1:" + std::to_string(local);
  call.note(here + " leads to port " + std::to_string(remote) + " of " + id + "; Ctrl-C ends it");
  return run_ssh(call, id, {"-N", "-L", here + ":127.0.0.1:" + std::to_string(remote)}, {}, true);
}

}  // namespace

Command tunnel_command() {
  return {"tunnel",
          "Make a port of an instance one of this computer, until Ctrl-C",
          {{"INSTANCE", "its id, or the beginning of it"},
           {"PORTS", "LOCAL:REMOTE, both on 127.0.0.1; one number for both"}},
          {},
          run,
          "0    ended by Ctrl-C\n  1    failed\n  2    bad usage\n  3    no agent can be reached\n"
          "  255  ssh could not connect, or the local port is taken"};
}

}  // namespace stoker::cli
