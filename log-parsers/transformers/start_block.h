// The block a Trainer prints at the start of a training: "***** Running training *****" or unsloth's banner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::transformers {

// A number that only one framework tells; whole numbers are shown as such.
struct Fact {
  std::string_view name;  // of static life
  double value = 0;
};

struct Start {
  std::string framework, version, transformers_version, torch_version;
  // -1: not said
  std::int64_t num_examples = -1, num_epochs = -1, total_steps = -1, batch_size = -1, gradient_accumulation = -1;
  std::int64_t total_batch_size = -1, trainable_parameters = -1, resumed_step = -1;
  std::vector<Fact> facts;
};

// The number that begins `text`, with or without thousands separators; -1 for none, and for one that means "no limit".
std::int64_t read_whole(std::string_view text) noexcept;

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
