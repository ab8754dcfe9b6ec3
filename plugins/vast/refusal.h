// What Vast says when it does not do what it was asked: by a code in the answer, whatever the status, even 200.
#pragma once

#include <optional>
#include <stoker/cpp/cloud_api.hpp>
#include <string>

namespace stoker::vast {

// Nothing where the status alone must do. `doing`: "vast: renting".
std::optional<Failure> refusal(const ApiReply& reply, const std::string& doing);

}  // namespace stoker::vast
