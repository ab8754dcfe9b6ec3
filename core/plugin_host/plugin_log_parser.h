// A log parser of a plugin as the core sees it.
#pragma once

#include <memory>
#include <string>

#include "core/plugin_host/config_schema.h"
#include "core/plugin_host/host_services.h"
#include "core/plugin_host/log_parser.h"

namespace stoker::plugin_host {

// Any thread. Streams must go before `host` and the plugin do.
class PluginLogParser final : public LogParser {
 public:
  PluginLogParser(const HostServices& host, const stoker_log_parser_factory& factory, std::string id,
                  PluginConfig config)
      : host_(host), factory_(factory), id_(std::move(id)), config_(std::move(config)) {}

  [[nodiscard]] const std::string& id() const override { return id_; }
  // 0, and a line in the log, when the plugin breaks its contract: other parsers still compete.
  [[nodiscard]] int detect(std::string_view head) const override;
  [[nodiscard]] std::unique_ptr<LogStream> open(uint64_t start_offset, const std::string& source) const override;

 private:
  const HostServices& host_;
  stoker_log_parser_factory factory_;
  std::string id_;
  PluginConfig config_;
};

}  // namespace stoker::plugin_host
