// The context of one call: cancel, deadline, log, and the host's services. Dead when the call returns; keep no copy.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "http.hpp"

namespace stoker {

class Call {
 public:
  explicit Call(stoker_call* call) noexcept : call_(call) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] bool cancelled() const noexcept { return detail::host->cancelled(call_) != 0; }
  // Throws when the agent wants the call to end or its deadline has passed. For loops that wait on nothing of the
  // host's.
  void check() const {
    if (cancelled()) throw Failure{STOKER_E_CANCELLED, "cancelled"};
    if (mono_ms() >= deadline_mono_ms()) throw Failure{STOKER_E_DEADLINE, "the deadline of the call passed"};
  }
  [[nodiscard]] std::int64_t deadline_mono_ms() const noexcept { return detail::host->deadline_mono_ms(call_); }
  [[nodiscard]] std::int64_t mono_ms() const noexcept { return detail::host->mono_ms(detail::host); }
  [[nodiscard]] std::int64_t wall_ms() const noexcept { return detail::host->wall_ms(detail::host); }

  // Throws CANCELLED or DEADLINE as soon as either is true.
  void sleep(std::chrono::milliseconds time) const {
    const stoker_status status = detail::host->sleep_ms(call_, time.count());
    if (status == STOKER_E_CANCELLED) throw Failure{status, "cancelled"};
    if (status == STOKER_E_DEADLINE) throw Failure{status, "the deadline of the call passed"};
    if (status != STOKER_OK) throw Failure::explained(status);
  }

  void log(std::int32_t level, std::string_view message) const noexcept {  // STOKER_LOG_...
    detail::host->log(detail::host, call_, level, str(message), nullptr, 0);
  }

  [[nodiscard]] Http http() const noexcept { return Http(call_); }

  // Lends the bytes of a secret to `body`, for schemes that sign. Where a header is enough, name the secret instead.
  void with_secret(std::string_view key, const std::function<void(std::string_view)>& body) const {
    const auto* service = static_cast<const stoker_secrets*>(detail::host->get_service(detail::host, STOKER_SECRETS));
    if (service == nullptr) throw Failure{STOKER_E_UNSUPPORTED, "this agent lends no secrets"};
    Loan loan{&body, nullptr};
    const stoker_status status = service->use(call_, str(key), &Call::lend, &loan);
    if (status != STOKER_OK) throw Failure::explained(status);
    if (loan.error) std::rethrow_exception(loan.error);
  }

  [[nodiscard]] stoker_call* c() const noexcept { return call_; }

 private:
  struct Loan {
    const std::function<void(std::string_view)>* body;
    std::exception_ptr error;
  };
  static void lend(void* user, stoker_bytes bytes) noexcept {
    auto& loan = *static_cast<Loan*>(user);
    try {
      (*loan.body)(view(bytes));
    } catch (...) {
      loan.error = std::current_exception();
    }
  }

  stoker_call* call_;
};

}  // namespace stoker
