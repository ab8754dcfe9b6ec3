// The edge of a service: what goes wrong in it is told to the call, and no exception enters the plugin.
#pragma once

#include <exception>
#include <string>

#include "core/error.h"
#include "core/plugin_host/call.h"
#include "core/plugin_host/foreign_value.h"

namespace stoker::plugin_host {

// Explains through fail() and returns the status.
stoker_status explain(stoker_call& call, const Error& error) noexcept;

// Runs `body`; whatever it throws is explained. `service` names the table: "stoker.http/1".
template <class Body>
stoker_status explained(stoker_call& call, const char* service, Body&& body) noexcept {
  try {
    try {
      body();
      return STOKER_OK;
    } catch (const Breach& breach) {
      return explain(call, breach_error(call.host, service, Fault::internal, breach.what()));
    } catch (const Error& error) {
      return explain(call, error);
    } catch (const std::exception& error) {
      return explain(call, Error(Fault::internal, std::string(service) + ": " + error.what()));
    }
  } catch (...) {
    return STOKER_E_INTERNAL;  // no memory is left for words
  }
}

// The account of the call; Error{unsupported} where it has none.
const AccountLink& account_of(const stoker_call& call, const char* service);

}  // namespace stoker::plugin_host
