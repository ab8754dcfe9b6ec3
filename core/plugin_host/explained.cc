#include "core/plugin_host/explained.h"

#include "core/plugin_host/account_link.h"

namespace stoker::plugin_host {

stoker_status explain(stoker_call& call, const Error& error) noexcept {
  const std::string_view what = error.what();
  stoker_failure failure{};
  failure.struct_size = sizeof failure;
  failure.status = static_cast<stoker_status>(error.fault);
  failure.message = {what.data(), what.size()};
  failure.hint = lend(error.hint);
  failure.config_key = lend(error.field);
  failure.provider_code = lend(error.code);
  failure.retry_after_ms = error.retry_after_ms;
  return call.host.table()->fail(&call, &failure);
}

const AccountLink& account_of(const stoker_call& call, const char* service) {
  if (call.account != nullptr) return *call.account;
  throw Error(Fault::unsupported,
              call.host.plugin() + ": " + call.doing + " asked for " + service + ", and no account belongs to it",
              "this is a bug of the plugin: the service is there in calls of a provider; tell its author");
}

}  // namespace stoker::plugin_host
