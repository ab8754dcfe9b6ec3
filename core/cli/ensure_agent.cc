#include "core/cli/ensure_agent.h"

#include <filesystem>

#include "core/cli/start_agent.h"

namespace stoker::cli {
namespace {

constexpr int64_t kStartMs = 30 * kSecond;

}  // namespace

void ensure_agent(Invocation& call, const AgentClient& agent) {
  if (agent.answers()) return;
  const Settings& settings = call.settings();
  std::error_code fault;
  BackgroundAgent background;
  background.program = std::filesystem::read_symlink("/proc/self/exe", fault);
  if (fault || !std::filesystem::exists(background.program)) background.program = "/proc/self/exe";
  background.arguments = {"serve", "--state-dir", settings.state_dir.string()};
  if (std::filesystem::exists(settings.config_file)) {
    background.arguments.insert(background.arguments.end(),
                                {"--config", std::filesystem::absolute(settings.config_file).string()});
  }
  for (const auto& folder : call.flags.plugin_path)
    background.arguments.insert(background.arguments.end(),
                                {"--plugin-path", std::filesystem::absolute(folder).string()});
  background.state_dir = settings.state_dir;
  const int pid =
      start_agent(background, [&] { return agent.answers(); }, call.clock, Wait{{}, call.clock.mono_ms() + kStartMs});
  call.note("no agent was running: started one in the background (pid " + std::to_string(pid) + ", log " +
            (settings.state_dir / "agent.log").string() + ")");
}

}  // namespace stoker::cli
