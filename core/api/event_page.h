// A run of a job's events as the bytes that go out, made once and shared by every client that reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/descriptor.h"
#include "core/store/events.h"

namespace stoker::api {

struct EventPage {
  explicit EventPage(int64_t after) : start(after), end(after) {}

  int64_t start;  // the events are those after this seq,
  int64_t end;    // up to this one, held-back ones included
  std::string bytes;
  std::vector<std::pair<int64_t, size_t>> frames;  // seq and where the frame begins, ascending
  bool dropped = false;                            // no longer kept for live readers

  // Where the frames after `seq` begin.
  [[nodiscard]] size_t offset_after(int64_t seq) const;
};

// Turns rows into frames. Of `progress` at most one a second goes out: one that comes too soon is held back until its
// second is over, and dropped when a newer one comes first. If other events overtook it, it goes out without an id, so
// that ids never go back. `log` rows get their text from the job's log file.
class FrameWriter {
 public:
  explicit FrameWriter(std::filesystem::path log) : log_path_(std::move(log)) {}

  void append(EventPage& page, const store::EventRow& row);
  // Sends what is held back if its second is over at `now_ms` (since 1970).
  void release(EventPage& page, int64_t now_ms);
  [[nodiscard]] bool holds() const { return held_.has_value(); }

 private:
  void write(EventPage& page, const store::EventRow& row);
  std::string with_text(const store::EventRow& row);

  std::filesystem::path log_path_;
  Descriptor log_;
  std::optional<store::EventRow> held_;
  std::optional<int64_t> last_progress_ms_;
};

}  // namespace stoker::api
