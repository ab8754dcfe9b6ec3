// The log of axolotl: what its own logger says, around what the Hugging Face Trainer prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log-parsers/transformers/trainer.h"
#include "preparation.h"
#include "sdk/include/stoker/cpp/log_lines.hpp"
#include "sdk/include/stoker/cpp/log_parser.hpp"

namespace stoker::axolotl {

class Parser final : public LogParser {
 public:
  explicit Parser(const StreamInfo& info);

  void push(std::string_view bytes, const LogEmit& emit) override;
  void finish(std::int32_t why, const LogEmit& emit) override;
  static int detect(std::string_view head);

 private:
  void read(const LogLine& line, const LogEmit& emit);
  void read_message(const LogLine& line, std::string_view text, const LogEmit& emit);
  void read_versions(std::string_view line);
  void tell_memory(const LogLine& line, std::string_view text, double used_gib, const LogEmit& emit);

  LogLines lines_;
  transformers::Trainer trainer_;
  Preparation preparation_;  // of the training to come
  std::string version_, transformers_version_, torch_version_;
  int version_lines_left_ = 0;  // of the block of versions
};

}  // namespace stoker::axolotl
