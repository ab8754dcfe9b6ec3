// The agent's own log: lines on standard error, for the person or the service manager that started it.
#pragma once

#include <memory>
#include <string>

#include "core/plugin_host/registry.h"

namespace spdlog {
class logger;
}

namespace stoker::agent {

// Any thread.
class AgentLog final : public plugin_host::HostLog {
 public:
  explicit AgentLog(const std::string& level);  // trace debug info warn error
  ~AgentLog() override;
  AgentLog(const AgentLog&) = delete;
  AgentLog& operator=(const AgentLog&) = delete;

  void write(int32_t level, const std::string& plugin, const std::string& message) override;
  void info(const std::string& message);
  void warn(const std::string& message);

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace stoker::agent
