#include "plugins/local/gpu.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <stoker/cpp/gpu_model.hpp>
#include <vector>

namespace stoker::local {
namespace {

constexpr std::size_t kMaxGpus = 64;
constexpr std::uint64_t kMebi = 1024 * 1024;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (true) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return found;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t\r"), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

Gpus parse_gpus(std::string_view csv) {
  std::map<std::string, Gpus> models;
  for (std::size_t row = 0; row < kMaxGpus && !csv.empty(); ++row) {
    const auto end = std::min(csv.find('\n'), csv.size());
    const auto line = csv.substr(0, end);
    csv.remove_prefix(std::min(end + 1, csv.size()));
    const auto comma = line.rfind(',');
    if (comma == std::string_view::npos) continue;
    const auto memory = words(line.substr(comma + 1));
    std::uint64_t mebibytes = 0;
    if (memory.size() != 2 || memory[1] != "MiB") continue;
    if (std::from_chars(memory[0].data(), memory[0].data() + memory[0].size(), mebibytes).ec != std::errc{}) continue;
    const auto bytes = std::min<std::uint64_t>(mebibytes, UINT32_MAX) * kMebi;
    auto model = gpu_model(line.substr(0, comma), bytes);
    if (model.empty()) continue;
    auto& gpus = models[model];
    gpus.mem_bytes = gpus.count == 0 ? bytes : std::min(gpus.mem_bytes, bytes);
    gpus.model = std::move(model);
    ++gpus.count;
  }
  const auto most = std::max_element(models.begin(), models.end(),
                                     [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
  return most == models.end() ? Gpus{} : most->second;
}

}  // namespace stoker::local
