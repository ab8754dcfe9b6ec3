#include "plugins/aws/profile.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stoker/cpp/failure.hpp>

namespace stoker::aws {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string path_of(const char* variable, const char* name) {
  if (const char* given = std::getenv(variable); given != nullptr && *given != '\0') return given;
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.aws/" + name;
}

Sections read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw Failure{STOKER_E_INVALID, "aws: " + path + " can not be read: " + std::strerror(errno)};
  }
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() > kMostBytes) throw Failure{STOKER_E_INVALID, "aws: " + path + " is larger than 1 MiB"};
  return parse_profiles(text);
}

}  // namespace

Sections parse_profiles(std::string_view text) {
  Sections sections;
  std::map<std::string, std::string>* section = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line);
    // What is indented belongs to the key above, as in "s3 =".
    if (content.empty() || content.front() == '#' || content.front() == ';' || line.front() == ' ' ||
        line.front() == '\t')
      continue;
    if (content.front() == '[') {
      const std::size_t close = content.find(']');
      section =
          close == std::string_view::npos ? nullptr : &sections[std::string(trimmed(content.substr(1, close - 1)))];
      continue;
    }
    const std::size_t equals = content.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    std::string key(trimmed(content.substr(0, equals)));
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
    (*section)[key] = trimmed(content.substr(equals + 1));
  }
  return sections;
}

Profiles Profiles::read() {
  constexpr std::string_view kPrefix = "profile ";
  const std::string credentials = path_of("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const std::string config = path_of("AWS_CONFIG_FILE", "config");
  Profiles all;
  all.files_ = credentials + " and " + config;
  all.profiles_ = read_file(credentials);
  for (auto& [name, values] : read_file(config)) {
    if (name != "default" && !name.starts_with(kPrefix)) continue;  // [sso-session x], [services x]
    const std::string profile(name == "default" ? name : trimmed(std::string_view(name).substr(kPrefix.size())));
    all.profiles_[profile].insert(values.begin(), values.end());
  }
  return all;
}

std::string Profiles::value(const std::string& profile, const std::string& key) const {
  const auto at = profiles_.find(profile);
  if (at == profiles_.end()) return {};
  const auto found = at->second.find(key);
  return found == at->second.end() ? "" : found->second;
}

std::string Profiles::names() const {
  std::string names;
  for (const auto& [name, values] : profiles_) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none" : names;
}

}  // namespace stoker::aws
