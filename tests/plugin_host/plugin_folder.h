// A private folder into which tests install plugins, and a registry over it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin_host/registry.h"
#include "tests/plugin_host/recording_log.h"

namespace stoker::plugin_host {

class PluginFolderTest : public testing::Test {
 protected:
  PluginFolderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "stoker-plugins-XXXXXX").string();
    root = mkdtemp(name.data());
    bundled = root / "bundled";
    own = root / "own";
    std::filesystem::create_directories(bundled);
    std::filesystem::create_directories(own);
  }
  ~PluginFolderTest() override {
    registry.reset();
    std::filesystem::remove_all(root);
  }

  // Copies a test module; its file is named for `id`.
  std::filesystem::path install(const std::string& module, const std::filesystem::path& folder, std::string id = {}) {
    if (id.empty()) id = module;
    const std::filesystem::path file = folder / (id + ".so");
    std::filesystem::copy_file(std::filesystem::path(STOKER_TEST_MODULE_DIR) / (module + ".so"), file);
    std::filesystem::permissions(file, std::filesystem::perms(0755));
    return file;
  }
  static void write(const std::filesystem::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
  }

  RegistryOptions options(const std::vector<std::string>& ids) {
    RegistryOptions options;
    options.bundled = bundled;
    options.folders = {own};
    for (const std::string& id : ids) options.enabled.push_back({id, ""});
    return options;
  }
  Registry& open(RegistryOptions with) {
    registry.reset();  // one at a time: a plugin has one host
    registry = std::make_unique<Registry>(std::move(with), clock, log);
    return *registry;
  }

  [[nodiscard]] PluginStatus status(const std::string& id) const {
    for (const PluginStatus& one : registry->list())
      if (one.id == id) return one;
    ADD_FAILURE() << id << " is not listed";
    return {};
  }

  std::filesystem::path root, bundled, own;
  SystemClock clock;
  RecordingLog log;
  std::unique_ptr<Registry> registry;
};

// What a call throws: "fault | message | hint".
template <class F>
std::string failure_of(F&& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(to_string(error.fault)) + " | " + error.what() + " | " + error.hint;
  }
  return "nothing was thrown";
}

}  // namespace stoker::plugin_host
