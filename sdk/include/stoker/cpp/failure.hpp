// Why a call failed, thrown inside a plugin and turned into host->fail() at its edge. No exception crosses the
// boundary.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "value.hpp"

namespace stoker {

//   throw stoker::Failure{STOKER_E_AUTH, "acme refused the token"}.blame("token").hint("make a new one under Account,
//   API");
class Failure : public std::exception {
 public:
  Failure(stoker_status status, std::string message) : status_(status), message_(std::move(message)) {}

  // A failure the host has explained already, such as a transport error of its HTTP service.
  static Failure explained(stoker_status status) {
    Failure failure(status, "the host explained this failure");
    failure.explained_ = true;
    return failure;
  }

  Failure& hint(std::string what_to_do) { return hint_ = std::move(what_to_do), *this; }
  Failure& blame(std::string config_key) { return config_key_ = std::move(config_key), *this; }
  Failure& code(std::string provider_code) { return provider_code_ = std::move(provider_code), *this; }
  Failure& retry_after(std::int64_t ms) { return retry_after_ms_ = ms, *this; }
  // The same failure, of another class: what it means may depend on what it was asked for.
  Failure& status(stoker_status other) { return status_ = other, *this; }

  [[nodiscard]] stoker_status status() const noexcept { return status_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  // Hands the failure to the host. `call` may be null where a table gives none; then it goes to the log.
  stoker_status report(stoker_call* call) const noexcept {
    if (explained_) return status_;
    if (call == nullptr || detail::host == nullptr) {
      log(STOKER_LOG_ERROR, message_);
      return status_;
    }
    auto failure = sized<stoker_failure>();
    failure.status = status_;
    failure.message = str(message_);
    failure.hint = str(hint_);
    failure.config_key = str(config_key_);
    failure.provider_code = str(provider_code_);
    failure.retry_after_ms = retry_after_ms_;
    return detail::host->fail(call, &failure);
  }

 private:
  stoker_status status_;
  bool explained_ = false;
  std::int64_t retry_after_ms_ = -1;
  std::string message_, hint_, config_key_, provider_code_;
};

namespace detail {

// Thrown through a plugin's method when the host's sink said stop. Not a std::exception, so that no handler meant for
// errors swallows it.
struct Stopped {
  stoker_status status;
};

// Never allocates: it runs when memory may be out.
inline stoker_status report_plain(stoker_call* call, stoker_status status, std::string_view message) noexcept {
  if (call == nullptr || host == nullptr) {
    log(STOKER_LOG_ERROR, message);
    return status;
  }
  auto failure = sized<stoker_failure>();
  failure.status = status;
  failure.message = str(message);
  failure.retry_after_ms = -1;
  return host->fail(call, &failure);
}

// Runs `body` and turns whatever it throws into a status. `unexpected` is the status of everything but a Failure: in
// create() that is STOKER_E_UNKNOWN_OUTCOME, since nobody knows what was sent before.
template <class Body>
stoker_status guard(stoker_call* call, Body&& body, stoker_status unexpected = STOKER_E_INTERNAL) noexcept {
  try {
    std::forward<Body>(body)();
    return STOKER_OK;
  } catch (const Stopped& stopped) {
    return stopped.status;
  } catch (const Failure& failure) {
    return failure.report(call);
  } catch (const std::bad_alloc&) {
    return report_plain(call, unexpected, "the plugin ran out of memory");
  } catch (const std::exception& error) {
    return report_plain(call, unexpected, error.what());
  } catch (...) {
    return report_plain(call, unexpected, "the plugin threw something that is not a std::exception");
  }
}

}  // namespace detail
}  // namespace stoker
