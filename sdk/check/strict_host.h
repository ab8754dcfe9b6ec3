// The host that the kit is: every service of the agent, with nothing forgiven. It notes each breach of a rule, keeps
// all that the plugin says, stands in for the network, and fails or cancels at the n-th question it is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/plugin_host/call.h"
#include "sdk/check/guarded.h"
#include "sdk/include/stoker/http.h"
#include "sdk/include/stoker/secrets.h"

namespace stoker::check {

struct HttpMessage {
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers;  // the plugin's own; names as given
  std::vector<std::pair<std::string, std::string>> secrets;  // header -> prefix + the secret
  std::string body;
  int32_t retry = 0;
  // The value of a header or secret header, by its name in any case; empty: none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

struct HttpReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool lost = false;  // the request arrived and the answer did not
};

// Stands in for the network.
class Network {
 public:
  virtual ~Network() = default;
  virtual HttpReply answer(const HttpMessage& request) = 0;
};

// What a service answers at the n-th question to it: send, use, sleep_ms, counted together over the life of the host.
struct HostFault {
  int at = 0;  // from 1; 0: never
  stoker_status status = STOKER_OK;
  bool after = false;  // the request reached the network, and its answer is lost
};

struct HostOptions {
  uint16_t abi_minor = STOKER_ABI_NEWEST_MINOR;
  uint32_t table_size = sizeof(stoker_host);    // smaller: an older host, whose table ends there at an unreadable page
  Network* network = nullptr;                   // none: there is no service stoker.http/1
  std::vector<std::string> allowed_hosts = {};  // globs, of the descriptor
  std::map<std::string, std::string> secrets = {};
  HostFault fault = {};
  int cancel_at = 0;                    // the call is cancelled from this question on; 0: never
  int64_t time_ms = 1'780'000'000'000;  // the wall clock at the beginning
};

// How a call into the plugin ended.
struct CallEnd {
  stoker_status status = STOKER_OK;
  std::optional<plugin_host::Failure> failure;
  int64_t told_to_stop_ms_ago = -1;  // real time between cancel and return; -1: was not cancelled
  [[nodiscard]] bool ok() const { return status == STOKER_OK; }
  // "STOKER_E_AUTH (the token is refused)".
  [[nodiscard]] std::string words() const;
};

// The name of the constant: "STOKER_E_AUTH", or "the unknown status 99".
std::string status_name(stoker_status status);

// One thread, as the calls of all tests are. Outlives the plugin's deinit(). The clock is the host's own: sleep_ms
// moves it and returns at once.
class StrictHost {
 public:
  explicit StrictHost(HostOptions options);
  ~StrictHost();
  StrictHost(const StrictHost&) = delete;
  StrictHost& operator=(const StrictHost&) = delete;

  [[nodiscard]] const stoker_host* table() const;
  HostOptions& options();  // may be changed between calls

  // Makes a stoker_call, runs `body` with it and takes it back. `doing` names the call in breaches. An exception that
  // leaves the plugin is a breach, and STOKER_E_INTERNAL. What the plugin does with the call or on another thread
  // afterwards is noted too.
  CallEnd call(const std::string& doing, const std::function<stoker_status(stoker_call*)>& body);
  // The same for a function without a stoker_call (describe, destroy, push): only exceptions are looked for.
  void bare_call(const std::string& doing, const std::function<void()>& body);

  [[nodiscard]] const std::vector<std::string>& breaches() const;  // sentences
  void breach(const std::string& sentence);
  [[nodiscard]] const std::vector<std::string>& said() const;  // log lines with fields, failures' texts, progress
  [[nodiscard]] const std::vector<HttpMessage>& requests() const;
  [[nodiscard]] int questions() const;  // send, use and sleep_ms so far

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace stoker::check
