#include "core/training_log/gpu_memory.h"

#include <charconv>
#include <optional>
#include <utility>

namespace stoker::training_log {
namespace {

constexpr size_t kNone = std::string_view::npos;
constexpr std::string_view kWanted = "Tried to allocate ";

// "2.00 GiB": in GiB.
std::optional<double> size_at(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  constexpr std::pair<std::string_view, double> kUnits[] = {{"GiB", 1},         {"MiB", 0x1p-10}, {"KiB", 0x1p-20},
                                                            {"bytes", 0x1p-30}, {"GB", 1},        {"MB", 0x1p-10}};
  for (const auto& [unit, gib] : kUnits)
    if (text.starts_with(unit)) return value * gib;
  return std::nullopt;
}

std::optional<double> size_after(std::string_view text, std::string_view words) {
  const size_t at = text.find(words);
  return at == kNone ? std::nullopt : size_at(text.substr(at + words.size()));
}

// "; 1.02 GiB free": the size is what stands in front of `words`, behind a ';' or '('.
std::optional<double> size_before(std::string_view text, std::string_view words) {
  const size_t end = text.find(words);
  if (end == kNone) return std::nullopt;
  const size_t begin = text.find_last_of(";(", end);
  if (begin == kNone) return std::nullopt;
  const size_t digits = text.find_first_not_of(' ', begin + 1);
  return digits == kNone ? std::nullopt : size_at(text.substr(digits, end - digits));
}

double held_by_others(std::string_view text) {
  double sum = -1;
  constexpr std::string_view kProcess = "Process ", kHas = " has ";
  for (size_t at = text.find(kProcess); at != kNone; at = text.find(kProcess, at + 1)) {
    const size_t has = text.find(kHas, at);
    if (has == kNone) break;
    const auto pid = text.substr(at + kProcess.size(), has - at - kProcess.size());
    if (pid.empty() || pid.find_first_not_of("0123456789") != kNone) continue;
    if (const auto size = size_at(text.substr(has + kHas.size()))) sum = (sum < 0 ? 0 : sum) + *size;
  }
  return sum;
}

}  // namespace

GpuMemory read_gpu_memory(std::string_view message) {
  GpuMemory memory;
  memory.wanted = size_after(message, kWanted).value_or(-1);
  memory.total = size_after(message, "a total capacity of ").value_or(-1);
  if (memory.total < 0) memory.total = size_after(message, "a total capacty of ").value_or(-1);  // as 2.1 wrote it
  if (memory.total < 0) memory.total = size_before(message, " total capacity").value_or(-1);
  memory.free = size_after(message, " of which ").value_or(-1);
  if (memory.free < 0) memory.free = size_before(message, " free").value_or(-1);
  memory.others = held_by_others(message);
  for (const std::string_view words : {"(GPU ", ". GPU "}) {
    const size_t at = message.find(words);
    if (at == kNone) continue;
    const auto digits = message.substr(at + words.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), memory.gpu);
  }
  return memory;
}

bool is_gpu_memory_cut(std::string_view message) {
  constexpr std::string_view kLast[] = {"environment-variables)", "reserved in total by PyTorch)",
                                        "Management and PYTORCH_CUDA_ALLOC_CONF", "cached)",
                                        "Management and PYTORCH_HIP_ALLOC_CONF"};
  if (message.find(kWanted) == kNone) return false;
  for (const auto words : kLast)
    if (message.find(words) != kNone) return false;
  return true;
}

bool is_gpu_shared(const GpuMemory& memory) {
  return memory.others > 1 && (memory.total <= 0 || memory.others > memory.total / 10);
}

}  // namespace stoker::training_log
