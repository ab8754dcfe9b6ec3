// One call into a plugin: what it may wait for, why it failed, and the verdict on how it ended.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/plugin_host/host_services.h"
#include "sdk/include/stoker/host.h"

namespace stoker::plugin_host {

struct AccountLink;

// A failure as the plugin explained it, copied.
struct Failure {
  stoker_status status = STOKER_OK;
  std::string message, hint, config_key, provider_code;
  int64_t retry_after_ms = -1;
};

}  // namespace stoker::plugin_host

// Services find here what a call may do: `wait` bounds it, `host` names who calls, `account` has its secrets and its
// way to the network. Without an account there is neither.
struct stoker_call {
  const stoker::plugin_host::HostServices& host;
  std::string doing;  // "create": for messages
  stoker::Wait wait;
  std::optional<stoker::plugin_host::Failure> failure;
  const stoker::plugin_host::AccountLink* account = nullptr;
};

namespace stoker::plugin_host {

// Sets fail, cancelled, deadline_mono_ms and sleep_ms.
void fill_call_functions(stoker_host& host);

// Runs `body`, which calls the plugin once with `call` and then looks at what its sinks received. Returns on STOKER_OK;
// else throws the plugin's failure. An exception, a status that does not exist, or a Breach thrown by `body` becomes
// `on_breach`.
void run_call(stoker_call& call, Fault on_breach, const std::function<stoker_status(stoker_call*)>& body);

// "<plugin>: <doing> broke the contract: <what>".
[[nodiscard]] Error breach_error(const HostServices& host, const std::string& doing, Fault fault,
                                 const std::string& what);

}  // namespace stoker::plugin_host
