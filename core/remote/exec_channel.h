// One command on one channel: its input, output and end, all from one loop.
#pragma once

#include "core/remote/session.h"
#include "core/remote/ssh_transport.h"

namespace stoker::remote {

// `doing` names the command in errors: "running a command on user@host:port". Kills the transport when it throws.
[[nodiscard]] ExecResult run_command(SshTransport& transport, Poller& poller, const Exec& exec,
                                     const std::string& doing);

}  // namespace stoker::remote
