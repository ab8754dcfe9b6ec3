// A loaded plugin library. It stays mapped until the process ends; its deinit() runs when the object goes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/plugin_host/host_services.h"
#include "core/plugin_host/identity.h"
#include "sdk/include/stoker/plugin.h"

namespace stoker::plugin_host {

class Module {
 public:
  // Loads, checks the identity and calls init() once. Throws Error{unsupported} with file, fault and way out;
  // `identity` is set as soon as it is known. The file must have passed check_module_file. `host` must outlive the
  // module.
  Module(const std::filesystem::path& file, const std::string& id, const HostServices& host,
         std::optional<ModuleIdentity>& identity);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // Null when the plugin does not offer it. Throws Error{unsupported} when asking fails.
  [[nodiscard]] const void* factory(const char* factory_id) const;
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  void initialize();

  std::filesystem::path file_;
  const HostServices& host_;
  stoker_plugin table_;
};

}  // namespace stoker::plugin_host
