#include "core/plugin_host/plugin_folders.h"

#include <algorithm>
#include <cctype>
#include <system_error>

namespace stoker::plugin_host {
namespace {

constexpr size_t kMaxFilesInFolder = 10'000;

std::vector<PluginFile> scan(const std::filesystem::path& folder) {
  std::vector<PluginFile> found;
  std::error_code error;
  // A folder that can not be read is one without plugins: most of the standard ones do not exist.
  std::filesystem::directory_iterator at(folder, error), end;
  for (size_t n = 0; !error && at != end && n < kMaxFilesInFolder; at.increment(error), ++n) {
    const std::filesystem::path& path = at->path();
    if (path.extension() == ".so" && is_plugin_id(path.stem().string())) found.push_back({path.stem().string(), path});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return found;
}

}  // namespace

bool is_plugin_id(const std::string& text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && plain(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

PluginFolders::PluginFolders(const std::vector<std::filesystem::path>& folders) {
  for (const std::filesystem::path& folder : folders) {
    if (folder.empty()) continue;
    std::filesystem::path absolute = std::filesystem::absolute(folder).lexically_normal();
    if (std::find(folders_.begin(), folders_.end(), absolute) != folders_.end()) continue;
    for (PluginFile& file : scan(absolute)) all_.push_back(std::move(file));
    folders_.push_back(std::move(absolute));
  }
}

std::vector<std::filesystem::path> PluginFolders::files(const std::string& id) const {
  std::vector<std::filesystem::path> found;
  for (const PluginFile& file : all_)
    if (file.id == id) found.push_back(file.path);
  return found;
}

std::string PluginFolders::names() const {
  std::string names;
  for (const std::filesystem::path& folder : folders_) names += (names.empty() ? "" : ", ") + folder.string();
  return names.empty() ? "any plugin folder" : names;
}

}  // namespace stoker::plugin_host
