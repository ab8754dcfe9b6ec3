#include "core/training_log/reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stoker::training_log {
namespace {

using plugin_host::RawEvent;

constexpr size_t kMaxHeld = 512, kMaxHeldBytes = 26 * 1024;
constexpr size_t kMaxSeries = 32;

size_t heap_of(const std::string& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; }

size_t bytes_of(const RawEvent& raw) {
  size_t bytes = sizeof raw + heap_of(raw.name) + heap_of(raw.text) + raw.fields.capacity() * sizeof raw.fields[0];
  for (const auto& [key, value] : raw.fields) {
    bytes += heap_of(key);
    if (const auto* words = std::get_if<std::string>(&value)) bytes += heap_of(*words);
  }
  return bytes;
}

std::optional<int64_t> whole(const RawEvent& raw, std::string_view key) {
  const auto value = number(raw, key);
  if (!value || !(std::abs(*value) < 9e15)) return std::nullopt;
  return static_cast<int64_t>(*value);
}

// The step that a record says itself.
std::optional<int64_t> own_step(const RawEvent& raw) {
  for (const std::string_view key : {"step", "global_step", "current_steps"})
    if (const auto step = whole(raw, key)) return step;
  return std::nullopt;
}

bool is_training(const RawEvent& raw) { return raw.kind == STOKER_EVENT_PROGRESS && text(raw, "scope") == "train"; }

// The training stands still meanwhile.
bool is_pause(const RawEvent& raw) {
  return raw.kind == STOKER_EVENT_CHECKPOINT || (raw.kind == STOKER_EVENT_PROGRESS && text(raw, "scope") == "eval");
}

}  // namespace

Reader::Reader(const plugin_host::LogParser* parser, const std::string& source)
    : stream_(parser == nullptr ? nullptr : parser->open(0, source)) {}

// A line that may tell of a fault is given to the parser to its end and then to the diagnosis, and only then what
// follows it: so the order of their events depends on the lines alone.
std::vector<Event> Reader::push(std::string_view bytes, int64_t t_ms) {
  t_ms_ = t_ms;
  const uint64_t begin = parsed_;
  lines_.push(bytes, [&](const LogLine& line) {
    if (!diagnosis_.wants(line.text)) return;
    const uint64_t end = line.last_byte + (line.text.empty() && line.first_byte == line.last_byte ? 1 : 2);
    parse(bytes.substr(parsed_ - begin, end - std::min(end, parsed_)));
    diagnose(line);
  });
  parse(bytes.substr(parsed_ - begin));
  return std::exchange(out_, {});
}

std::vector<Event> Reader::finish(int64_t t_ms, int32_t why, bool succeeded) {
  t_ms_ = t_ms;
  if (stream_) stream_->finish(why, [this](RawEvent&& raw) { take(std::move(raw)); });
  lines_.finish([this](const LogLine& line) {
    if (diagnosis_.wants(line.text)) diagnose(line);
  });
  diagnosis_.finish(why, succeeded, [this](RawEvent&& raw) { take(std::move(raw)); });
  release();
  return std::exchange(out_, {});
}

void Reader::parse(std::string_view bytes) {
  parsed_ += bytes.size();
  if (stream_ && !bytes.empty()) stream_->push(bytes, [this](RawEvent&& raw) { take(std::move(raw)); });
}

void Reader::diagnose(const LogLine& line) {
  diagnosis_.read(line, [this](RawEvent&& raw) { take(std::move(raw)); });
}

Reader::Series& Reader::series_of(const RawEvent& raw) {
  const int64_t rank = whole(raw, "@rank").value_or(-1);
  const std::string_view source = text(raw, "@source");
  for (Series& known : series_)
    if (known.rank == rank && known.source == source) return known;
  if (series_.size() >= kMaxSeries) return series_.back();
  series_.emplace_back();
  series_.back().rank = rank;
  series_.back().source = source;
  return series_.back();
}

// A record waits for the next bar: only then it is known how many records the bar's position covers. Where output is
// not buffered that is at once, because the bar is drawn again behind each record.
void Reader::take(RawEvent&& raw) {
  diagnosis_.saw(raw);
  Series& series = series_of(raw);
  if (is_training(raw)) {
    const auto n = whole(raw, "n"), total = whole(raw, "total");
    if (n && total) series.steps.saw_bar(*n, *total);
  }
  if (raw.kind == STOKER_EVENT_METRIC) series.steps.saw_record();
  const bool ends_block = raw.kind == STOKER_EVENT_PROGRESS || raw.kind == STOKER_EVENT_RUN ||
                          raw.kind == STOKER_EVENT_SUMMARY || held_.size() >= kMaxHeld;
  if (ends_block) release();
  const bool record = raw.kind == STOKER_EVENT_METRIC && series.steps.has_bar() && !own_step(raw);
  if (record || !held_.empty()) {
    const size_t bytes = bytes_of(raw);
    if (held_bytes_ + bytes > kMaxHeldBytes) release();
    if (bytes <= kMaxHeldBytes && (record || !held_.empty())) {
      held_bytes_ += bytes;
      held_.push_back(std::move(raw));
      return;
    }
  }
  if (raw.kind == STOKER_EVENT_RUN) {
    series.steps.begin_run(whole(raw, "resumed_step").value_or(0));
    series.last_step.reset();
    series.last_epoch.reset();
    eta_.clear();
    main_.reset();
  }
  give_record(raw, 0);
}

void Reader::release() {
  if (held_.empty()) return;
  std::vector<int64_t> behind(series_.size(), -1);
  const auto behind_of = [&](const RawEvent& raw) -> int64_t& {
    return behind[static_cast<size_t>(&series_of(raw) - series_.data())];
  };
  for (Series& series : series_) series.steps.settle();
  for (const auto& raw : held_) behind_of(raw) += raw.kind == STOKER_EVENT_METRIC ? 1 : 0;
  held_bytes_ = 0;
  for (const auto& raw : std::exchange(held_, {})) {
    give_record(raw, behind_of(raw));
    if (raw.kind == STOKER_EVENT_METRIC) --behind_of(raw);
  }
}

void Reader::give_record(const RawEvent& raw, int64_t records_behind) {
  Series& series = series_of(raw);
  if (is_training(raw)) return give_progress(raw, series);
  if (is_pause(raw)) eta_.saw_pause();
  Context context;
  context.t_ms = t_ms_;
  if (raw.kind == STOKER_EVENT_METRIC) {
    context.step = own_step(raw);
    context.step_source = "record";
    if (!context.step && (context.step = series.steps.step(records_behind))) context.step_source = "logging_steps";
    series.last_step = context.step;
    series.last_epoch = number(raw, "epoch");
  } else if (raw.kind == STOKER_EVENT_EVAL) {
    // An evaluation belongs to the record of the same moment, on whichever side of it that is printed.
    const auto epoch = number(raw, "epoch");
    context.step = own_step(raw);
    context.step_source = "record";
    if (!context.step && epoch && epoch == series.last_epoch && (context.step = series.last_step))
      context.step_source = "logging_steps";
  }
  give(raw, context);
  if (raw.kind != STOKER_EVENT_METRIC && raw.kind != STOKER_EVENT_EVAL) return;
  const bool nan = has_nan(raw);
  if (nan && !series.nan_before && ++count_ > skip_) out_.push_back(make_nan_event(raw, t_ms_));
  series.nan_before = nan;
}

void Reader::give_progress(const RawEvent& raw, const Series& series) {
  Context context;
  context.t_ms = t_ms_;
  const auto n = whole(raw, "n"), total = whole(raw, "total");
  const auto index = static_cast<size_t>(&series - series_.data());
  if (n && total && main_.value_or(index) == index) {
    main_ = index;
    // The bar's own clock where it has one: bytes that come late, or are read again, then tell the same.
    eta_.add(*n, number(raw, "elapsed_s").value_or(static_cast<double>(t_ms_) / 1000));
    context.eta = eta_.at(*n, *total);
  }
  context.epoch = series.last_epoch;
  give(raw, context);
}

void Reader::give(const RawEvent& raw, const Context& context) {
  if (++count_ > skip_) out_.push_back(make_event(raw, context));
}

}  // namespace stoker::training_log
