#include "plugins/local/gpu.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

namespace stoker::local {
namespace {

constexpr std::size_t kMaxGpus = 64;
constexpr std::uint64_t kMebi = 1024 * 1024;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (true) {
    const auto begin = text.find_first_not_of(" -\t\r");
    if (begin == std::string_view::npos) return found;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" -\t\r"), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

std::string canonical_gpu(std::string_view name, std::uint64_t mem_bytes) {
  auto parts = words(name);
  std::erase_if(parts, [](std::string_view word) {
    return word == "NVIDIA" || word == "GeForce" || word == "Tesla" || word == "Quadro" || word == "Generation";
  });
  if (parts.empty()) return {};
  std::string model(parts.front());
  if (model == "RTX" || model == "GTX") {  // "RTX 4090", "RTX 4070 Ti SUPER", "RTX 6000 Ada"
    for (std::size_t i = 1; i < parts.size() && i < 4; ++i) {
      if (i > 1 && parts[i] != "Ti" && parts[i] != "SUPER" && parts[i] != "Ada") break;
      model += "-" + std::string(parts[i]);
    }
  }
  if (model == "A100") model += mem_bytes > 60 * 1024 * kMebi ? "-80GB" : "-40GB";
  return model;
}

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
    auto model = canonical_gpu(line.substr(0, comma), bytes);
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
