// Why a training failed, from the lines of its log and from what else is known of how it went.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_host/log_parser.h"
#include "core/training_log/fault.h"
#include "core/training_log/traceback.h"
#include "sdk/include/stoker/cpp/log_lines.hpp"

namespace stoker::training_log {

// Tells of each thing that may end the run when it is seen, not terminal, and of the one that did at the end. A
// training that goes on shows that nothing before ended it. Bounded in memory. One thread.
class Diagnosis {
 public:
  using Sink = std::function<void(plugin_host::RawEvent&&)>;

  // Whether read() has to see this line; most lines of a training it need not.
  [[nodiscard]] bool wants(std::string_view line) const noexcept { return reading_ || is_telling(line); }
  void read(const LogLine& line, const Sink& sink);

  // What a parser has seen, in the order of the log.
  void saw(const plugin_host::RawEvent& event);

  // `why`: STOKER_FINISH_... `succeeded`: the program is known to have ended well, so that nothing in its log ended it.
  void finish(int32_t why, bool succeeded, const Sink& sink);

 private:
  struct Failure {
    const TrainingFault* fault = nullptr;
    std::string exception, message;
    std::string cause;  // the exception that this one was raised for
    int32_t rank = -1;
    std::string source;
    uint64_t first_byte = 0, last_byte = 0;
    bool chained = false;
    bool survived = false;  // the training went on behind it
  };
  // What one process prints, where launchers tell them apart.
  struct Process {
    int32_t rank = -1;
    std::string source;
    Traceback traceback;
    std::optional<Failure> open;  // its message may go on
    int more_lines = 0;           // that it may take
  };

  Process& process_of(const LogLine& line);
  void read_line(const LogLine& line, std::string_view text, Process& process, const Sink& sink);
  bool continue_message(std::string_view text, Process& process);
  bool continue_broken_report(const LogLine& line, std::string_view text);
  void close(Process& process, const Sink& sink);
  bool read_root_cause(std::string_view text, const LogLine& line, const Sink& sink);
  void open(const LogLine& line, Process& process, const TrainingFault* fault, Raised&& raised);
  void add(Failure&& failure, const Sink& sink);
  [[nodiscard]] bool explains_more(const Failure& failure) const;
  [[nodiscard]] const Failure& root() const;
  [[nodiscard]] plugin_host::RawEvent event_of(const Failure& failure, bool terminal) const;
  [[nodiscard]] bool in_doubt() const;  // whether something may have ended the run
  void training_goes_on();
  void update_reading() noexcept;

  std::vector<Process> processes_;  // the last one used is the last
  std::vector<Failure> failures_;   // since the training last went on
  int best_ = -1;                   // of them
  bool reading_ = false;            // every line has to be seen
  int root_lines_left_ = 0;         // of the launcher's block about the first process that failed
  int32_t root_rank_ = -1;          // that it names
  int64_t n_ = -1, total_ = 0;      // of the training's bar
  int advanced_since_failure_ = 0;
  bool summarized_ = false;
  int nan_records_ = 0;  // the last records, whose loss was no number
  uint64_t first_nan_ = 0, last_nan_ = 0;
};

}  // namespace stoker::training_log
