// Why a request got no answer.
#pragma once

#include <stdexcept>
#include <string>

namespace stoker::plugin_host {

// what() ends a sentence that begins with the request. What that means for the request, only its sender can tell.
struct TransportError : std::runtime_error {
  enum class Kind {
    cancelled,
    deadline,
    broken,     // a network or a server that does not do; another time it may
    too_large,  // the answer, and it would be so again
    untrusted,  // the certificate
    forbidden,  // the address
  };

  TransportError(Kind kind, const std::string& what, std::string hint = {})
      : std::runtime_error(what), kind(kind), hint(std::move(hint)) {}

  Kind kind;
  std::string hint;
};

}  // namespace stoker::plugin_host
