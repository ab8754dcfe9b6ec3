// What a Hugging Face Trainer prints, and what TRL, unsloth and LLaMA-Factory add, line by line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "field_list.h"
#include "plain_frame.h"
#include "progress_fields.h"
#include "record.h"
#include "sdk/include/stoker/cpp/log_lines.hpp"
#include "sdk/include/stoker/cpp/log_parser.hpp"
#include "start_block.h"
#include "training_bar.h"

namespace stoker::transformers {

class Trainer {
 public:
  void read(const LogLine& line, const LogEmit& emit);
  // For LogLines, beside read(): a frame of a bar that differs from the last one in digits alone.
  std::size_t read_frame(std::string_view rest, std::uint64_t first_byte, const LogEmit& emit);
  // After the last line.
  void finish(const LogEmit& emit);
  // How likely the head of a log is of a Trainer, 0 to 100.
  static int detect(std::string_view head);

  // For a framework around the Trainer, that prints lines of its own. What it is called in RUN events; kept until told
  // again.
  void framework(std::string name, std::string version);
  void versions(std::string transformers, std::string torch);
  // A training begins, of which nothing more is known yet than what was told.
  void start(const LogLine& line, const Start& known, const LogEmit& emit);
  // `name` is of static life.
  void phase(const LogLine& line, std::string_view name, const LogEmit& emit);

 private:
  // A process with a bar of its own, where launchers tell them apart.
  struct Origin {
    std::int32_t rank = -1;
    std::string source;
    TrainingBar bar;

    [[nodiscard]] bool is_of(const LogLine& line) const noexcept { return rank == line.rank && source == line.source; }
  };
  struct Checkpoint {
    std::string path;
    std::int64_t step = -1;
    std::uint64_t first_byte = 0, last_byte = 0;
  };

  void read_records(const LogLine& line);
  void read_record(const LogLine& line, std::string_view before);
  std::size_t read_bars(const LogLine& line);
  void read_bar(const LogLine& line, const Bar& bar);
  void read_message(const LogLine& line, std::string_view text);
  void read_checkpoint(const LogLine& line, std::string_view text);
  void read_model(const LogLine& line, std::string_view text);
  void read_parameters(std::string_view text);

  [[nodiscard]] TrainingBar& training() noexcept { return origins_[origin_].bar; }
  // Looks up whose line it is.
  void turn_to(const LogLine& line) {
    if (!origins_[origin_].is_of(line)) find_origin(line);
  }
  void find_origin(const LogLine& line);
  [[nodiscard]] bool is_main() const noexcept { return main_ == kNoOrigin || main_ == origin_; }
  // With what every event says of its line; without `fields`, those of fields_.
  void emit(const LogLine& line, std::int32_t kind, std::string_view name);
  void emit(const LogLine& line, std::int32_t kind, std::string_view name, std::span<const stoker_field> fields);

  void emit_numbers(const LogLine& line, std::int32_t kind, std::string_view name);
  void emit_start(const LogLine& line, Start start);
  void emit_run(const LogLine& line, const Start& start);
  void emit_phase(const LogLine& line, std::string_view phase);
  void emit_checkpoint(const Checkpoint& checkpoint, bool complete);
  void begin_run() noexcept;
  void restart(const LogLine& line, std::int64_t total);
  void training_goes_on();

  const LogEmit* emit_ = nullptr;  // during a call
  PlainFrame plain_frame_;
  Record record_;
  FieldList fields_;
  ProgressFields progress_fields_;
  std::string title_, unit_, repaired_, source_text_;  // as UTF-8, where a log has none
  StartBlock start_block_;
  static constexpr std::size_t kNoOrigin = static_cast<std::size_t>(-1);
  std::vector<Origin> origins_ = std::vector<Origin>(1);
  std::size_t origin_ = 0;                // of the line being read
  std::size_t main_ = kNoOrigin;          // the first that trained: it tells phases, runs and checkpoints
  std::optional<Checkpoint> checkpoint_;  // announced
  std::string model_;                     // where the trained model is being written, not one of its checkpoints
  std::int64_t trainable_parameters_ = -1;
  std::string_view phase_;                                                  // of static life
  std::string framework_, version_, transformers_version_, torch_version_;  // told from outside
  std::int64_t run_ = 0, started_total_ = -1;
  int advances_to_doubt_ = 0;  // behind a traceback: that a bar advances does not yet show that the training goes on
  bool records_have_epoch_ = false;
  bool fresh_ = true;        // nothing of this run was seen yet
  bool summarized_ = false;  // this run has printed its summary
};

}  // namespace stoker::transformers
