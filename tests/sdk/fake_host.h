// A host just large enough to drive a plugin's tables in a test: it records what a plugin says and answers from fields.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/include/stoker/host.h"
#include "sdk/include/stoker/http.h"
#include "sdk/include/stoker/secrets.h"

struct stoker_call {
  bool is_cancelled = false;
  int64_t deadline_mono_ms = INT64_MAX;
  // What the last fail() said.
  stoker_status status = STOKER_OK;
  std::string message, hint, config_key, provider_code;
  int64_t retry_after_ms = 0;
};

namespace stoker::test {

class FakeHost : private stoker_host {
 public:
  FakeHost() : stoker_host{} {
    struct_size = sizeof(stoker_host);
    abi_major = STOKER_ABI_MAJOR;
    abi_minor = STOKER_ABI_NEWEST_MINOR;
    stoker_host::name = {"fake", 4};
    version = {"1", 1};
    log = [](const stoker_host* self, const stoker_call*, int32_t, stoker_str text, const stoker_field*, size_t) {
      const std::lock_guard lock(of(self).mutex_);
      of(self).lines_.emplace_back(text.data, text.size);
    };
    wall_ms = [](const stoker_host*) { return since_epoch<std::chrono::system_clock>(); };
    mono_ms = [](const stoker_host*) { return since_epoch<std::chrono::steady_clock>(); };
    get_service = [](const stoker_host* self, const char* id) -> const void* {
      if (std::string_view(id) == STOKER_HTTP) return of(self).http;
      if (std::string_view(id) == STOKER_SECRETS) return of(self).secrets;
      return nullptr;
    };
    fail = &FakeHost::keep;
    cancelled = [](const stoker_call* call) -> int32_t { return call->is_cancelled ? 1 : 0; };
    deadline_mono_ms = [](const stoker_call* call) { return call->deadline_mono_ms; };
    sleep_ms = &FakeHost::sleep_or_stop;
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const stoker_host* table() const { return this; }
  void skip_sleeps() {
    sleep_ms = [](stoker_call*, int64_t) -> stoker_status { return STOKER_OK; };
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  const stoker_http* http = nullptr;
  const stoker_secrets* secrets = nullptr;

 private:
  static FakeHost& of(const stoker_host* self) { return *static_cast<FakeHost*>(const_cast<stoker_host*>(self)); }

  template <class Clock>
  static int64_t since_epoch() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
  }

  static stoker_status keep(stoker_call* call, const stoker_failure* failure) {
    const auto text = [](stoker_str s) { return s.data == nullptr ? std::string() : std::string(s.data, s.size); };
    call->status = failure->status;
    call->message = text(failure->message);
    call->hint = text(failure->hint);
    call->config_key = text(failure->config_key);
    call->provider_code = text(failure->provider_code);
    call->retry_after_ms = failure->retry_after_ms;
    return failure->status;
  }

  static stoker_status sleep_or_stop(stoker_call* call, int64_t ms) {
    if (call->is_cancelled) return STOKER_E_CANCELLED;
    const timespec time{ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, nullptr);
    return STOKER_OK;
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace stoker::test
