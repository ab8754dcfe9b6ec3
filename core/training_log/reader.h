// The log of one job on its way to events: parser, canonical names, steps, ETA and diagnosis.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_host/log_parser.h"
#include "core/training_log/diagnosis.h"
#include "core/training_log/event.h"
#include "core/training_log/steps.h"
#include "sdk/include/stoker/cpp/log_lines.hpp"

namespace stoker::training_log {

// Which events come, and in which order, depends on the bytes alone: not on how they are split and not on the clock. So
// after a crash the log is read again from its start with skip_first(events stored). One thread.
class Reader {
 public:
  // `parser` must outlive the reader; nullptr: only the diagnosis is made.
  explicit Reader(const plugin_host::LogParser* parser, const std::string& source = {});

  // The next n events are counted but not given out. Before the first push.
  void skip_first(uint64_t n) { skip_ = n; }
  // Every event out so far, skipped ones too.
  [[nodiscard]] uint64_t count() const { return count_; }

  // `t_ms`: ms since 1970, for lines that say no time. Throws Error{internal} when the parser breaks its contract.
  [[nodiscard]] std::vector<Event> push(std::string_view bytes, int64_t t_ms);
  // `why`: STOKER_FINISH_... `succeeded`: the program is known to have ended well. Nothing may follow.
  [[nodiscard]] std::vector<Event> finish(int64_t t_ms, int32_t why = STOKER_FINISH_EOF, bool succeeded = false);

 private:
  // What one process tells, where launchers tell them apart.
  struct Series {
    int64_t rank = -1;
    std::string source;
    Steps steps;
    std::optional<int64_t> last_step;
    std::optional<double> last_epoch;
    bool nan_before = false;
  };

  Series& series_of(const plugin_host::RawEvent& raw);
  void parse(std::string_view bytes);
  void diagnose(const LogLine& line);
  void take(plugin_host::RawEvent&& raw);
  void release();  // what was held back
  void give(const plugin_host::RawEvent& raw, const Context& context);
  void give_record(const plugin_host::RawEvent& raw, int64_t records_behind);
  void give_progress(const plugin_host::RawEvent& raw, const Series& series);

  std::unique_ptr<plugin_host::LogStream> stream_;
  LogLines lines_;
  Diagnosis diagnosis_;
  uint64_t parsed_ = 0;  // bytes given to the parser
  std::vector<Event> out_;
  std::deque<plugin_host::RawEvent> held_;  // from the first record on whose step is not known yet
  size_t held_bytes_ = 0;
  std::vector<Series> series_;
  std::optional<size_t> main_;  // the series whose bar the ETA follows: the first that showed one
  EtaEstimate eta_;
  int64_t t_ms_ = 0;
  uint64_t skip_ = 0, count_ = 0;
};

}  // namespace stoker::training_log
