// Where plugin files lie: found by name, never opened.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stoker::plugin_host {

struct PluginFile {
  std::string id;  // of "<id>.so"
  std::filesystem::path path;
};

// [a-z0-9] first, then also . _ -; at most 64 characters: never a path.
[[nodiscard]] bool is_plugin_id(const std::string& text);

class PluginFolders {
 public:
  // Searched in order; a folder that does not exist holds nothing.
  explicit PluginFolders(const std::vector<std::filesystem::path>& folders);

  // All files of this id, in the order of the folders. Also what is no regular file, so that it can be explained.
  [[nodiscard]] std::vector<std::filesystem::path> files(const std::string& id) const;
  // Every plugin file, by folder and name.
  [[nodiscard]] const std::vector<PluginFile>& all() const { return all_; }
  [[nodiscard]] std::string names() const;  // "a, b", for messages

 private:
  std::vector<std::filesystem::path> folders_;
  std::vector<PluginFile> all_;
};

}  // namespace stoker::plugin_host
