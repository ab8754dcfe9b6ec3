#include "core/plugin_host/call.h"

#include <algorithm>
#include <atomic>
#include <stop_token>
#include <string_view>

#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxMessage = 4 << 10;
constexpr int64_t kMaxRetryAfter = 24 * kHour;
constexpr int64_t kGrace = 2 * kSecond;  // how soon after cancel or deadline a plugin has to return

bool deadline_passed(const stoker_call& call) { return call.host.clock().mono_ms() >= call.wait.deadline_ms; }

std::string one_line(const HostServices& host, stoker_str text, const char* name) {
  text.size = std::min(text.size, kMaxMessage);
  return host.clean(copy_text(text, name));
}

stoker_status fail(stoker_call* call, const stoker_failure* foreign) noexcept {
  try {
    const stoker_failure said = copy_struct(foreign, "failure");
    Failure copy;
    copy.status = said.status;
    copy.message = one_line(call->host, said.message, "failure message");
    copy.hint = one_line(call->host, said.hint, "failure hint");
    copy.config_key = one_line(call->host, said.config_key, "failure config_key");
    copy.provider_code = one_line(call->host, said.provider_code, "failure provider_code");
    // Zero is what a zeroed struct says when its author said nothing.
    if (said.retry_after_ms > 0) copy.retry_after_ms = std::min(said.retry_after_ms, kMaxRetryAfter);
    call->failure = std::move(copy);
    return said.status;
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    call->host.table()->log(call->host.table(), call, STOKER_LOG_ERROR, {what.data(), what.size()}, nullptr, 0);
    return STOKER_E_INTERNAL;
  }
}

int32_t cancelled(const stoker_call* call) noexcept {
  return call->wait.cancel.stop_requested() || deadline_passed(*call) ? 1 : 0;
}

stoker_status sleep_ms(stoker_call* call, int64_t ms) noexcept {
  if (ms > 0 && cancelled(call) == 0) call->host.clock().sleep(std::min(ms, kMaxRetryAfter), call->wait);
  if (call->wait.cancel.stop_requested()) return STOKER_E_CANCELLED;
  return deadline_passed(*call) ? STOKER_E_DEADLINE : STOKER_OK;
}

// The plugin's own words where it gave any, else what can be said from the status.
Error failure_error(const stoker_call& call, stoker_status status) {
  const std::string where = call.host.plugin() + ": " + call.doing;
  Fault fault = static_cast<Fault>(status);
  if (fault == Fault::cancelled && !call.wait.cancel.stop_requested()) fault = Fault::deadline;
  if (!call.failure) {
    if (fault == Fault::cancelled) return {fault, where + " was cancelled"};
    if (fault == Fault::deadline) return {fault, where + " took longer than allowed"};
    return {fault, where + " failed: " + to_string(fault)};
  }
  const Failure& said = *call.failure;
  Error error(fault, said.message.empty() ? where + " failed: " + to_string(fault) : said.message, said.hint,
              said.config_key);
  error.code = said.provider_code;
  error.retry_after_ms = said.retry_after_ms;
  return error;
}

// Notices a plugin that goes on after it was told to stop.
class Overrun {
 public:
  explicit Overrun(const stoker_call& call)
      : call_(call), noted_(call.wait.cancel, [this] { asked_ms_ = call_.host.clock().mono_ms(); }) {}
  Overrun(const Overrun&) = delete;
  Overrun& operator=(const Overrun&) = delete;
  ~Overrun() {
    const int64_t due = std::min<int64_t>(asked_ms_, call_.wait.deadline_ms);
    const int64_t now = call_.host.clock().mono_ms();
    if (now <= due || now - due <= kGrace) return;
    const std::string line =
        call_.doing + " went on for " + std::to_string(now - due) + " ms after it was told to stop";
    call_.host.table()->log(call_.host.table(), &call_, STOKER_LOG_WARNING, lend(line), nullptr, 0);
  }

 private:
  const stoker_call& call_;
  std::atomic<int64_t> asked_ms_{INT64_MAX};
  std::stop_callback<std::function<void()>> noted_;
};

stoker_status guarded(stoker_call& call, const std::function<stoker_status(stoker_call*)>& body) {
  const Overrun overrun(call);
  try {
    return body(&call);
  } catch (const Breach&) {
    throw;
  } catch (const std::exception& error) {
    throw Breach(std::string("an exception left it: ") + error.what());
  } catch (...) {
    throw Breach("an exception left it that is not a std::exception");
  }
}

}  // namespace

void fill_call_functions(stoker_host& host) {
  host.fail = fail;
  host.cancelled = cancelled;
  host.deadline_mono_ms = [](const stoker_call* call) noexcept { return call->wait.deadline_ms; };
  host.sleep_ms = sleep_ms;
}

Error breach_error(const HostServices& host, const std::string& doing, Fault fault, const std::string& what) {
  return {fault, host.clean(host.plugin() + ": " + doing + " broke the contract of plugins: " + what),
          "this is a bug of " + host.file().string() + "; tell its author, or use another version"};
}

void run_call(stoker_call& call, Fault on_breach, const std::function<stoker_status(stoker_call*)>& body) {
  try {
    const stoker_status status = guarded(call, body);
    if (status == STOKER_OK) return;
    if (status < STOKER_OK || status > STOKER_E_UNKNOWN_OUTCOME)
      throw Breach("it returned status " + std::to_string(status) + ", which does not exist");
    if (status == STOKER_E_CANCELLED && cancelled(&call) == 0)
      throw Breach("it says it was cancelled, but nobody asked it to");
    throw failure_error(call, status);
  } catch (const Breach& breach) {
    throw breach_error(call.host, call.doing, on_breach, breach.what());
  }
}

}  // namespace stoker::plugin_host
