// The log of a Hugging Face Trainer, and of what is built on it: TRL, unsloth, LLaMA-Factory.
#pragma once

#include <cstdint>
#include <string_view>

#include "sdk/include/stoker/cpp/log_lines.hpp"
#include "sdk/include/stoker/cpp/log_parser.hpp"
#include "trainer.h"

namespace stoker::transformers {

class Parser final : public LogParser {
 public:
  explicit Parser(const StreamInfo& info) : lines_(info.start_offset, info.max_line_bytes) {}

  void push(std::string_view bytes, const LogEmit& emit) override {
    lines_.push(
        bytes, [&](const LogLine& line) { trainer_.read(line, emit); },
        [&](std::string_view rest, std::uint64_t first_byte) { return trainer_.read_frame(rest, first_byte, emit); });
  }
  void finish(std::int32_t /*why*/, const LogEmit& emit) override {
    lines_.finish([&](const LogLine& line) { trainer_.read(line, emit); });
    trainer_.finish(emit);
  }
  static int detect(std::string_view head) { return Trainer::detect(head); }

 private:
  LogLines lines_;
  Trainer trainer_;
};

}  // namespace stoker::transformers
