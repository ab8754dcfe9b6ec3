// What axolotl says of its data and of the GPU's memory before it trains.
#pragma once

#include <string_view>
#include <vector>

#include "log-parsers/transformers/start_block.h"

namespace stoker::axolotl {

class Preparation {
 public:
  // Looks at one message; true when it was one of these.
  bool read(std::string_view message);
  // What the messages have told, the latest of each, as members of the RUN event: num_tokens, num_supervised_tokens,
  // expected_steps, packing_efficiency (0 to 1), gpu_memory_..._gib.
  [[nodiscard]] const std::vector<transformers::Fact>& facts() const noexcept { return facts_; }

 private:
  std::vector<transformers::Fact> facts_;
};

// "GPU memory usage while training: 7.107GB (+4.912GB cache, +1.284GB misc)": the GiB it begins with, -1 for another.
double memory_while_training(std::string_view message) noexcept;

}  // namespace stoker::axolotl
