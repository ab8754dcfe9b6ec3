// Keeps what plugins and services log.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/plugin_host/registry.h"

namespace stoker::plugin_host {

class RecordingLog final : public HostLog {
 public:
  void write(int32_t level, const std::string& plugin, const std::string& message) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::to_string(level) + " " + plugin + " " + message);
    if (on_line) on_line(message);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }
  std::function<void(const std::string&)> on_line;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace stoker::plugin_host
