// The stoker_host that one plugin sees: log, clocks and further services by ID.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/plugin_host/registry.h"
#include "sdk/include/stoker/host.h"

namespace stoker::plugin_host {

// Lives from before init() until after deinit(), at one address. Any thread.
class HostServices {
 public:
  HostServices(std::string plugin, std::filesystem::path file, Clock& clock, HostLog& log,
               std::vector<HostService> services, std::function<std::string(std::string)> mask);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  [[nodiscard]] const stoker_host* table() const { return &table_.host; }
  [[nodiscard]] const std::string& plugin() const { return plugin_; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] Clock& clock() const { return clock_; }
  // One masked line, in words: control characters become spaces.
  [[nodiscard]] std::string clean(std::string text) const;
  void log(int32_t level, const std::string& message) const;

  static const HostServices& of(const stoker_host* host);

 private:
  // The table comes first, so that a pointer to it leads back here.
  struct Table {
    stoker_host host;
    const HostServices* owner;
  };
  static void log_line(const stoker_host*, const stoker_call*, int32_t level, stoker_str message,
                       const stoker_field* fields, size_t n) noexcept;
  static const void* get_service(const stoker_host*, const char* id) noexcept;

  std::string plugin_;
  std::filesystem::path file_;
  Clock& clock_;
  HostLog& log_;
  std::vector<HostService> services_;
  std::function<std::string(std::string)> mask_;
  Table table_;
};

}  // namespace stoker::plugin_host
