// The log of a Hugging Face Trainer, and of what is built on it: TRL, unsloth, LLaMA-Factory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"
#include "record.h"
#include "sdk/include/stoker/cpp/log_lines.hpp"
#include "sdk/include/stoker/cpp/log_parser.hpp"
#include "start_block.h"
#include "traceback.h"
#include "training_bar.h"

namespace stoker::transformers {

class Parser final : public LogParser {
 public:
  explicit Parser(const StreamInfo& info) : lines_(info.start_offset, info.max_line_bytes) {}

  void push(std::string_view bytes, const LogEmit& emit) override;
  void finish(std::int32_t why, const LogEmit& emit) override;
  static int detect(std::string_view head);

 private:
  struct Candidate {  // an error that ended the run unless the training goes on
    const Fault* fault = nullptr;
    std::string exception, message;
    std::int32_t rank = -1;
    std::uint64_t first_byte = 0, last_byte = 0;
  };
  struct Checkpoint {
    std::string path;
    std::int64_t step = -1;
    std::uint64_t first_byte = 0, last_byte = 0;
  };

  void read(const LogLine& line);
  void read_records(const LogLine& line);
  void read_record(const LogLine& line, std::string_view before);
  std::size_t read_bars(const LogLine& line);
  void read_bar(const LogLine& line, const Bar& bar);
  void read_message(const LogLine& line, std::string_view text);
  void read_checkpoint(const LogLine& line, std::string_view text);

  void emit_numbers(const LogLine& line, std::int32_t kind, std::string_view name);
  void emit_start(const LogLine& line);
  void emit_phase(const LogLine& line, std::string_view phase);
  void emit_checkpoint(const Checkpoint& checkpoint, bool complete);
  void emit_diagnosis(const Candidate& what, bool terminal);
  void begin_run() noexcept;
  void training_goes_on();
  void fail(const LogLine& line, const Fault* fault, std::string exception, std::string_view message, bool chained);

  LogLines lines_;
  const LogEmit* emit_ = nullptr;  // during push() and finish()
  Record record_;
  std::vector<stoker_field> fields_;
  StartBlock start_block_;
  TrainingBar training_;
  Traceback traceback_;
  std::optional<Candidate> candidate_;
  std::optional<Checkpoint> checkpoint_;  // announced
  std::string phase_;
  std::int64_t run_ = 0, started_total_ = -1;
  int advanced_since_fault_ = 0;
  bool fresh_ = true;        // nothing of this run was seen yet
  bool summarized_ = false;  // this run has printed its summary
};

}  // namespace stoker::transformers
