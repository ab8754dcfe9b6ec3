// The block a Trainer prints at the start of a training: "***** Running training *****" or unsloth's banner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stoker::transformers {

struct Start {
  std::string framework, version, transformers_version, torch_version;
  // -1: not said
  std::int64_t num_examples = -1, num_epochs = -1, total_steps = -1, batch_size = -1, gradient_accumulation = -1;
  std::int64_t total_batch_size = -1, trainable_parameters = -1, resumed_step = -1;
};

class StartBlock {
 public:
  // Looks at one line; true when the block ended before it and lies in start().
  bool feed(std::string_view line);
  // True when the stream ends inside of a block.
  bool finish();
  [[nodiscard]] bool open() const noexcept { return open_; }
  [[nodiscard]] const Start& start() const noexcept { return start_; }

 private:
  bool read_values(std::string_view line);
  void read_versions(std::string_view line);

  Start start_;
  bool open_ = false;
};

}  // namespace stoker::transformers
