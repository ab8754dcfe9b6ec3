// One spelling for a GPU model, whatever a vendor, nvidia-smi or a person calls it: "NVIDIA A100-SXM4-80GB",
// "nvidia_a100" with 80 GB and "a100-80gb" are "A100-80GB".
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stoker {

namespace detail {

inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Upper-case words; "RTX4090" is two, and so is "GTX1080".
inline std::vector<std::string> gpu_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const bool separates = std::isalnum(static_cast<unsigned char>(c)) == 0;
    const std::string& word = words.back();
    if (separates || ((word == "RTX" || word == "GTX") && is_digit(c))) words.emplace_back();
    if (!separates) words.back() += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  std::erase_if(words, [](const std::string& word) {
    static constexpr std::array<std::string_view, 9> kNoise = {"",       "NVIDIA",   "AMD",    "GEFORCE",   "TESLA",
                                                               "QUADRO", "INSTINCT", "RADEON", "GENERATION"};
    return std::find(kNoise.begin(), kNoise.end(), word) != kNoise.end();
  });
  return words;
}

// "80GB" among the words, in GB; 0: none.
inline std::uint64_t gpu_gigabytes(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (word.size() < 3 || word.size() > 6 || !word.ends_with("GB")) continue;
    if (!std::all_of(word.begin(), word.end() - 2, is_digit)) continue;
    return std::stoul(word);
  }
  return 0;
}

}  // namespace detail

// `mem_bytes` of one GPU tells apart what the name does not; 0: not known. Empty for an empty name.
inline std::string gpu_model(std::string_view name, std::uint64_t mem_bytes = 0) {
  constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;
  const auto words = detail::gpu_words(name);
  if (words.empty()) return {};
  std::string model = words.front();
  std::size_t next = 1;
  if ((model == "RTX" || model == "GTX") && words.size() > 1) {  // "RTX 4090", "RTX PRO 6000", "RTX 4070 Ti SUPER"
    if (words[1] == "PRO" && words.size() > 2) model += "-" + words[next++];
    model += "-" + words[next++];
    for (; next < words.size(); ++next) {
      const std::string& word = words[next];
      if (word != "TI" && word != "SUPER" && word != "ADA") break;
      model += word == "TI" ? "-Ti" : word == "ADA" ? "-Ada" : "-SUPER";
    }
  }
  if (model.size() == 5 && model[0] == 'A' && model.ends_with("000")) model = "RTX-" + model;  // A4000 ... A6000
  const std::uint64_t gigabytes = mem_bytes != 0 ? mem_bytes / kGibi : detail::gpu_gigabytes(words);
  if (model == "A100" && gigabytes != 0) model += gigabytes > 60 ? "-80GB" : "-40GB";
  if (model == "V100" && gigabytes > 20) model += "-32GB";
  return model;
}

// Whether an offered model is the one asked for, both as gpu_model() spells them: "A100" takes any A100.
inline bool gpu_matches(std::string_view wanted, std::string_view offered) noexcept {
  if (wanted.empty() || wanted == offered) return true;
  return offered.starts_with(wanted) && offered.size() > wanted.size() + 1 && offered[wanted.size()] == '-' &&
         detail::is_digit(offered[wanted.size() + 1]) && offered.ends_with("GB");
}

}  // namespace stoker
