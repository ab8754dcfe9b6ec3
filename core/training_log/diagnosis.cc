#include "core/training_log/diagnosis.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/training_log/credential_text.h"
#include "core/training_log/event.h"
#include "core/training_log/gpu_memory.h"
#include "core/utf8.h"

namespace stoker::training_log {
namespace {

using plugin_host::FieldValue;
using plugin_host::RawEvent;

constexpr size_t kNone = std::string_view::npos;
constexpr size_t kMaxProcesses = 32, kMaxFailures = 16;
constexpr size_t kMaxMessage = 1000, kMaxSource = 80;
constexpr int kMoreLines = 8;
constexpr int kRootCauseLines = 12;

// What stands behind the last frame of a bar in this line.
std::string_view behind_bars(std::string_view text) {
  for (size_t at = text.find("%|"); at != kNone; at = text.find("%|")) {
    const size_t end = text.find(']', at);
    text.remove_prefix(end == kNone ? text.size() : end + 1);
  }
  return text;
}

bool is_indented(std::string_view text) { return text.starts_with(' ') || text.starts_with('\t'); }

std::optional<int64_t> whole_after(std::string_view text, std::string_view name) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == kNone || !text.substr(begin).starts_with(name)) return std::nullopt;
  const size_t colon = text.find(": ", begin);
  if (colon == kNone) return std::nullopt;
  int64_t value = 0;
  const auto digits = text.substr(colon + 2);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

void put_memory(RawEvent& event, const GpuMemory& memory) {
  if (memory.gpu >= 0) event.fields.emplace_back("gpu", memory.gpu);
  const std::pair<const char*, double> sizes[] = {{"wanted_gib", memory.wanted},
                                                  {"free_gib", memory.free},
                                                  {"total_gib", memory.total},
                                                  {"others_gib", memory.others}};
  for (const auto& [name, size] : sizes)
    if (size >= 0) event.fields.emplace_back(name, size);
}

bool is_not_a_number(const std::optional<double>& value) { return value && !std::isfinite(*value); }

}  // namespace

Diagnosis::Process& Diagnosis::process_of(const LogLine& line) {
  const auto source = line.source.substr(0, kMaxSource);
  const auto known = std::find_if(processes_.begin(), processes_.end(), [&](const Process& process) {
    return process.rank == line.rank && process.source == source;
  });
  if (known != processes_.end()) {
    std::rotate(known, known + 1, processes_.end());
  } else {
    if (processes_.size() >= kMaxProcesses) processes_.erase(processes_.begin());
    processes_.emplace_back();
    processes_.back().rank = line.rank;
    processes_.back().source = source;
  }
  return processes_.back();
}

void Diagnosis::read(const LogLine& line, const Sink& sink) {
  const std::string_view text = behind_bars(line.text);
  if (continue_broken_report(line, text)) return;
  Process& process = process_of(line);
  if (process.open && !continue_message(text, process)) close(process, sink);
  if (!process.open && !text.empty() && !read_root_cause(text, line, sink)) read_line(line, text, process, sink);
  update_reading();
}

void Diagnosis::read_line(const LogLine& line, std::string_view text, Process& process, const Sink& sink) {
  Raised raised;
  if (process.traceback.feed(text, raised)) {
    const TrainingFault* fault = fault_of_exception(raised.exception, raised.message);
    if (!raised.benign) open(line, process, fault, std::move(raised));
    return;
  }
  if (process.traceback.open() && is_indented(text)) return;
  const TrainingFault* fault = fault_of_line(text);
  if (fault == nullptr) return;
  raised = {};
  raised.message = text.substr(0, kMaxMessage);
  if (text.find("Root Cause") != kNone) root_lines_left_ = kRootCauseLines;
  open(line, process, fault, std::move(raised));
  if (process.open && !is_gpu_memory_cut(process.open->message)) close(process, sink);
}

// An exception's message may take more lines: indented ones, those of a list that it announces, and those of a report
// on memory that a terminal has broken.
bool Diagnosis::continue_message(std::string_view text, Process& process) {
  std::string& message = process.open->message;
  if (text.empty() || process.more_lines == 0 || message.size() + text.size() > kMaxMessage) return false;
  if (text.find("Traceback (most recent call last)") != kNone || text.find("File \"") != kNone) return false;
  const bool memory = is_gpu_memory_cut(message);
  const bool list = message.find("validation error") != kNone || message.ends_with(':');
  if (!memory && !is_indented(text) && !list) return false;
  --process.more_lines;
  if (!memory) message += '\n';
  message += text;
  return true;
}

// Where a terminal has broken a report on memory, its further lines are without the launcher's prefix.
bool Diagnosis::continue_broken_report(const LogLine& line, std::string_view text) {
  if (line.rank >= 0 || !line.source.empty()) return false;
  return std::any_of(processes_.rbegin(), processes_.rend(), [&](Process& process) {
    return process.open && process.rank >= 0 && is_gpu_memory_cut(process.open->message) &&
           continue_message(text, process);
  });
}

void Diagnosis::open(const LogLine& line, Process& process, const TrainingFault* fault, Raised&& raised) {
  Failure made;
  made.fault = fault;
  made.message.reserve(kMaxMessage);  // growing with what follows would take twice as much
  made.message = raised.message.empty() ? raised.exception : raised.message;
  made.exception = std::move(raised.exception);
  made.rank = line.rank;
  made.source = line.source.substr(0, kMaxSource);
  made.first_byte = line.first_byte;
  made.last_byte = line.last_byte;
  made.chained = raised.chained;
  process.open = std::move(made);
  process.more_lines = kMoreLines;
  advanced_since_failure_ = 0;
}

void Diagnosis::close(Process& process, const Sink& sink) {
  if (!process.open) return;
  add(std::move(*process.open), sink);
  process.open.reset();
}

// The block of torch.distributed.elastic about the process that failed first:
//   Root Cause (first observed failure):
//   [0]:
//     rank      : 1 (local_rank: 1)
//     exitcode  : -9 (pid: 4242)
bool Diagnosis::read_root_cause(std::string_view text, const LogLine& line, const Sink& sink) {
  if (root_lines_left_ == 0) return false;
  --root_lines_left_;
  if (const auto rank = whole_after(text, "rank ")) {
    root_rank_ = static_cast<int32_t>(std::clamp<int64_t>(*rank, -1, 1 << 20));
    return true;
  }
  const auto code = whole_after(text, "exitcode ");
  if (!code) return false;
  Failure made;
  made.fault = fault_of_exit_code(*code);
  made.message = "rank " + std::to_string(root_rank_) + " ended first, with exit code " + std::to_string(*code);
  made.rank = root_rank_;
  made.first_byte = line.first_byte;
  made.last_byte = line.last_byte;
  add(std::move(made), sink);
  return true;
}

bool Diagnosis::explains_more(const Failure& failure) const {
  if (best_ < 0) return true;
  const Failure& best = failures_[static_cast<size_t>(best_)];
  const Weight mine = failure.fault->weight, its = best.fault->weight;
  if (mine == Weight::wrapper) return false;
  if (its == Weight::wrapper) return true;
  const bool vague = failure.fault->kind == "exception" && best.fault->kind != "exception";
  const bool earlier = failure.first_byte < best.first_byte;
  const bool same_process = failure.rank == best.rank && failure.source == best.source;
  if (failure.chained && vague && same_process) return false;
  if (mine == Weight::effect) return best.fault->kind == "nccl_error" && failure.fault->kind == "killed";
  if (best.fault->kind == "nccl_timeout") return earlier;  // what follows is how the others ended
  if (its == Weight::effect) return true;
  // The last exception of a process ended it; of several processes the first to fail is the reason.
  return earlier || same_process || best.rank < 0 || failure.rank < 0;
}

void Diagnosis::add(Failure&& failure, const Sink& sink) {
  if (failure.survived) return sink(event_of(failure, false));
  for (const Failure& known : failures_) {
    const bool other_text = failure.fault->kind == "exception" && known.message != failure.message;
    if (known.fault == failure.fault && known.exception == failure.exception && !other_text) return;
  }
  const bool better = explains_more(failure);
  if (better && failure.chained && best_ >= 0) {
    const Failure& before = failures_[static_cast<size_t>(best_)];
    if (!before.exception.empty()) failure.cause = before.exception + ": " + before.message.substr(0, 200);
  }
  if (failures_.size() >= kMaxFailures) {
    if (!better) return;
    failures_.erase(failures_.begin());
  }
  failures_.push_back(std::move(failure));
  if (!better) return;
  best_ = static_cast<int>(failures_.size()) - 1;
  sink(event_of(failures_.back(), false));
}

const Diagnosis::Failure& Diagnosis::root() const {
  const Failure& best = failures_[static_cast<size_t>(best_)];
  if (root_rank_ < 0 || best.rank == root_rank_) return best;
  const auto of_root = std::find_if(failures_.rbegin(), failures_.rend(), [this](const Failure& failure) {
    return failure.rank == root_rank_ && failure.fault->weight == Weight::cause;
  });
  return of_root == failures_.rend() ? best : *of_root;
}

RawEvent Diagnosis::event_of(const Failure& failure, bool terminal) const {
  RawEvent event;
  event.kind = STOKER_EVENT_DIAGNOSIS;
  event.severity = STOKER_SEVERITY_ERROR;
  event.first_byte = failure.first_byte;
  event.last_byte = failure.last_byte;
  event.name = failure.fault->kind;
  event.text = without_credentials(to_utf8(failure.message));
  if (summarized_) event.text.insert(0, "the training had finished, what came after it failed: ");
  if (!failure.exception.empty()) event.fields.emplace_back("exception", failure.exception);
  if (!failure.cause.empty()) event.fields.emplace_back("cause", without_credentials(to_utf8(failure.cause)));
  if (failure.rank >= 0) event.fields.emplace_back("rank", int64_t{failure.rank});
  if (!failure.source.empty()) event.fields.emplace_back("source", failure.source);
  Retry retry = failure.fault->retry;
  std::string hint(failure.fault->hint);
  if (failure.fault->kind == "oom_gpu") {
    const GpuMemory memory = read_gpu_memory(failure.message);
    put_memory(event, memory);
    if (is_gpu_shared(memory)) {
      retry = Retry::yes;
      hint = "another process holds memory of this GPU: end it, or use a GPU of your own";
    }
  }
  if (retry != Retry::unknown) event.fields.emplace_back("retryable", retry == Retry::yes);
  event.fields.emplace_back("terminal", terminal);
  if (!hint.empty()) event.fields.emplace_back("hint", std::move(hint));
  return event;
}

bool Diagnosis::in_doubt() const {
  return !failures_.empty() || std::any_of(processes_.begin(), processes_.end(), [](const Process& process) {
    return process.open && !process.open->survived;
  });
}

void Diagnosis::training_goes_on() {
  for (Process& process : processes_)
    if (process.open) process.open->survived = true;
  failures_.clear();
  best_ = -1;
  root_rank_ = -1;
  root_lines_left_ = 0;
}

void Diagnosis::saw(const RawEvent& event) {
  if (event.kind == STOKER_EVENT_PROGRESS && text(event, "scope") == "train") {
    const auto n = static_cast<int64_t>(number(event, "n").value_or(-1));
    const auto total = static_cast<int64_t>(number(event, "total").value_or(0));
    if (total != total_ || (n == 0 && n_ > 0)) {
      total_ = total;
      n_ = -1;
      summarized_ = summarized_ && n > 0;
    }
    if (n <= n_) return;
    n_ = n;
    // A bar that is closed by an exception is drawn once more, perhaps further than before.
    if (!in_doubt() || ++advanced_since_failure_ > 1) training_goes_on();
  } else if (event.kind == STOKER_EVENT_METRIC) {
    const auto loss = number(event, "loss");
    const bool lost = is_not_a_number(loss) || (loss == 0.0 && is_not_a_number(number(event, "grad_norm")));
    if (lost && nan_records_ == 0) first_nan_ = event.first_byte;
    if (lost) last_nan_ = event.last_byte;
    nan_records_ = lost ? nan_records_ + 1 : 0;
    summarized_ = false;
    // Without a bar only records tell that the training goes on. With one they may come late, from a buffer.
    if (total_ == 0) training_goes_on();
  } else if (event.kind == STOKER_EVENT_SUMMARY) {
    training_goes_on();
    summarized_ = true;
  } else if (event.kind == STOKER_EVENT_RUN) {
    training_goes_on();
    summarized_ = false;
    total_ = 0;
    n_ = -1;
    nan_records_ = 0;
  }
}

void Diagnosis::finish(int32_t why, bool succeeded, const Sink& sink) {
  for (Process& process : processes_) close(process, sink);
  if (why != STOKER_FINISH_EOF) return;
  if (best_ >= 0 && !summarized_ && !succeeded) {
    RawEvent terminal = event_of(root(), true);
    RawEvent phase;
    phase.kind = STOKER_EVENT_PHASE;
    phase.first_byte = terminal.first_byte;
    phase.last_byte = terminal.last_byte;
    phase.name = "failed";
    sink(std::move(phase));
    sink(std::move(terminal));
  } else if (nan_records_ > 0) {
    RawEvent event;
    event.kind = STOKER_EVENT_DIAGNOSIS;
    event.severity = STOKER_SEVERITY_ERROR;
    event.first_byte = first_nan_;
    event.last_byte = last_nan_;
    event.name = "nan_loss";
    event.text = "the training ended with a loss that is no number, in its last " +
                 (nan_records_ == 1 ? std::string("record") : std::to_string(nan_records_) + " records") +
                 ": what it saved is most likely of no use";
    event.fields.emplace_back("retryable", false);
    event.fields.emplace_back("terminal", false);
    event.fields.emplace_back("hint", std::string(kNanHint));
    sink(std::move(event));
  }
}

void Diagnosis::update_reading() noexcept {
  reading_ = root_lines_left_ > 0 || std::any_of(processes_.begin(), processes_.end(), [](const Process& process) {
               return process.open || process.traceback.open();
             });
}

}  // namespace stoker::training_log
