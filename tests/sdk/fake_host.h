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

class FakeHost {
 public:
  FakeHost() {
    current() = this;
    table_.struct_size = sizeof(stoker_host);
    table_.abi_major = STOKER_ABI_MAJOR;
    table_.abi_minor = STOKER_ABI_NEWEST_MINOR;
    table_.name = {"fake", 4};
    table_.version = {"1", 1};
    table_.log = [](const stoker_host*, const stoker_call*, int32_t, stoker_str text, const stoker_field*, size_t) {
      const std::lock_guard lock(current()->mutex_);
      current()->lines_.emplace_back(text.data, text.size);
    };
    table_.wall_ms = [](const stoker_host*) { return since_epoch<std::chrono::system_clock>(); };
    table_.mono_ms = [](const stoker_host*) { return since_epoch<std::chrono::steady_clock>(); };
    table_.get_service = [](const stoker_host*, const char* id) -> const void* {
      if (std::string_view(id) == STOKER_HTTP) return current()->http;
      if (std::string_view(id) == STOKER_SECRETS) return current()->secrets;
      return nullptr;
    };
    table_.fail = &FakeHost::fail;
    table_.cancelled = [](const stoker_call* call) -> int32_t { return call->is_cancelled ? 1 : 0; };
    table_.deadline_mono_ms = [](const stoker_call* call) { return call->deadline_mono_ms; };
    table_.sleep_ms = &FakeHost::sleep;
    table_.progress = [](stoker_call*, stoker_str, int32_t) {};
    table_.host_of = [](const stoker_call*) -> const stoker_host* { return &current()->table_; };
  }
  ~FakeHost() { current() = nullptr; }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const stoker_host* table() const { return &table_; }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  const stoker_http* http = nullptr;
  const stoker_secrets* secrets = nullptr;

 private:
  static FakeHost*& current() {
    static FakeHost* host = nullptr;
    return host;
  }

  template <class Clock>
  static int64_t since_epoch() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
  }

  static stoker_status fail(stoker_call* call, const stoker_failure* failure) {
    const auto text = [](stoker_str s) { return s.data == nullptr ? std::string() : std::string(s.data, s.size); };
    call->status = failure->status;
    call->message = text(failure->message);
    call->hint = text(failure->hint);
    call->config_key = text(failure->config_key);
    call->provider_code = text(failure->provider_code);
    call->retry_after_ms = failure->retry_after_ms;
    return failure->status;
  }

  static stoker_status sleep(stoker_call* call, int64_t ms) {
    if (call->is_cancelled) return STOKER_E_CANCELLED;
    const timespec time{ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, nullptr);
    return STOKER_OK;
  }

  stoker_host table_{};
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace stoker::test
