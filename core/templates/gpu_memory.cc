#include "core/templates/gpu_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stoker::templates {
namespace {

constexpr double kHiddenPerLayer = 128;  // of models from 0.5 to 70 billion parameters, within a third
constexpr double kWeightsPerLayer = 12;  // times the square of the hidden units
constexpr double kLinearWidths = 19;
constexpr double kMostBytes = 1e18;

}  // namespace

uint64_t needed_gpu_memory(const MemoryFormula& formula, const MemoryUse& use) {
  MemoryFormula::Method method;
  if (const auto known = formula.methods.find(use.method); known != formula.methods.end()) {
    method = known->second;
  } else {
    for (const auto& [name, one] : formula.methods)
      method = {std::max(method.weight, one.weight), std::max(method.adapter, one.adapter)};
  }
  const double hidden = std::cbrt(use.parameters * kHiddenPerLayer / kWeightsPerLayer);
  const double layer_units = hidden * hidden / kHiddenPerLayer;
  const double bytes = formula.overhead + use.parameters * method.weight +
                       kLinearWidths * use.rank * layer_units * method.adapter +
                       formula.sequences * use.tokens * (layer_units * formula.activation + formula.logit);
  return static_cast<uint64_t>(std::ceil(std::clamp(bytes, 0.0, kMostBytes)));
}

std::string gigabytes_text(uint64_t bytes) {
  return fmt::format("{:.1f} GB", std::ceil(static_cast<double>(bytes) / 1e8) / 10);
}

}  // namespace stoker::templates
