// Names of the test's own: programs that link resolver_double.cc look them up here, and all others where they always
// do.
#pragma once

#include <atomic>

namespace stoker::plugin_host {

// "loopback.test" and what ends so is 127.0.0.1; "second.test" is 127.0.0.2 and then 127.0.0.1; "slow.test" is not
// found, and that only once this is false again.
extern std::atomic<bool> resolver_is_stuck;
// Look-ups of "slow.test" that go on.
extern std::atomic<int> stuck_lookups;

}  // namespace stoker::plugin_host
