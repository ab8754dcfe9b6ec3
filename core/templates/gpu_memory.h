// How much memory of one GPU a training needs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace stoker::templates {

// The coefficients of a template, by its methods ("lora", "full"). With P parameters of the model, t tokens in one
// forward pass, r the rank of the adapters, and a transformer of that size having about
//   h = cube root of (P * 128 / 12)   hidden units in each of
//   L = h / 128                       layers,
// the bytes are
//   overhead + P * weight + 19 * r * L * h * adapter + t * (L * h * activation + logit)
// `weight` counts the copies of a weight that stay on the GPU: bf16 is 2, a frozen 4-bit weight with its scales 0.7,
// and one trained by AdamW in mixed precision 18. 19 * L * h is the sum of the widths in and out of a layer's linear
// parts, where adapters sit. `activation` is what each layer keeps of a token with gradient checkpointing, `logit` what
// the loss takes over the vocabulary.
struct MemoryFormula {
  struct Method {
    double weight = 0, adapter = 0;
  };
  double overhead = 0, activation = 0, logit = 0;
  double sequences = 1;  // in one example: 2 where answers are compared
  std::map<std::string, Method> methods;
};

struct MemoryUse {
  double parameters = 0;  // of the model
  std::string method;
  double rank = 0, tokens = 0;  // tokens: micro-batch size * sequence length
};

// Bytes; a method that the formula does not know counts as the dearest.
[[nodiscard]] uint64_t needed_gpu_memory(const MemoryFormula& formula, const MemoryUse& use);

// "12.8 GB", rounded up.
[[nodiscard]] std::string gigabytes_text(uint64_t bytes);

}  // namespace stoker::templates
