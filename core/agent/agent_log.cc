#include "core/agent/agent_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace stoker::agent {

AgentLog::AgentLog(const std::string& level)
    : logger_(std::make_shared<spdlog::logger>("stoker", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger_->set_level(spdlog::level::from_str(level));
  logger_->flush_on(spdlog::level::trace);
}

AgentLog::~AgentLog() = default;

void AgentLog::write(int32_t level, const std::string& plugin, const std::string& message) {
  const auto severity = level >= STOKER_LOG_ERROR     ? spdlog::level::err
                        : level >= STOKER_LOG_WARNING ? spdlog::level::warn
                        : level >= STOKER_LOG_INFO    ? spdlog::level::info
                                                      : spdlog::level::debug;
  logger_->log(severity, "{}: {}", plugin, message);
}

void AgentLog::info(const std::string& message) { logger_->info(message); }
void AgentLog::warn(const std::string& message) { logger_->warn(message); }

}  // namespace stoker::agent
