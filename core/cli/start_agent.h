// An agent in the background, for the one who types `stoker run` and has none.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace stoker::cli {

struct BackgroundAgent {
  std::filesystem::path program;       // this very program
  std::vector<std::string> arguments;  // "serve", ...
  std::filesystem::path state_dir;     // its output goes to agent.log there
};

// In a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it. Returns its pid once
// `answers` is true. Throws unavailable with code kNoAgent and the last line of its log when it ends or `wait` is over
// before that.
int start_agent(const BackgroundAgent& agent, const std::function<bool()>& answers, Clock& clock, const Wait& wait);

}  // namespace stoker::cli
