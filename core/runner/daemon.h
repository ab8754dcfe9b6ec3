// A process of our own that outlives the session that started it.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace stoker::runner {

// Runs `body` in a new session without a controlling terminal: forked twice, standard streams on /dev/null, every other
// descriptor closed but those in `keep`. Returns once the body has reported, or throws what the body threw before it
// reported. The body gets the function that reports; when the body returns the process ends.
using Report = std::function<void()>;
void start_daemon(const std::vector<int>& keep, const std::function<void(const Report&)>& body);

}  // namespace stoker::runner
