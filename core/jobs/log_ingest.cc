#include "core/jobs/log_ingest.h"

#include <fcntl.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/jobs/log_parsing.h"
#include "core/private_file.h"
#include "core/store/events.h"
#include "core/store/sqlite_error.h"
#include "core/training_log/choose.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

constexpr size_t kLogEventBytes = 16 * 1024;
constexpr size_t kMaxPending = 256 * 1024;  // a line longer than this is stored in pieces

std::vector<std::string> secret_values(const JobRun& run) {
  std::vector<std::string> values;
  for (const auto& [name, unused] : run.spec.secrets)
    if (const auto value = run.ctx.vault.get("job/" + run.row.id + "/secret/" + name))
      values.emplace_back(value->view());
  return values;
}

std::string log_event(int64_t offset, size_t size, const std::string& phase) {
  JsonWriter json;
  json.begin_object().member("offset", offset).member("size", static_cast<int64_t>(size)).member("stream", phase);
  return json.end_object().str();
}

size_t end_of_last_line(std::string_view bytes) {
  const size_t at = bytes.find_last_of("\r\n");
  return at == std::string_view::npos ? 0 : at + 1;
}

// Where to cut the next log event: after a line where there is one, else anywhere.
size_t event_size(std::string_view bytes) {
  if (bytes.size() <= kLogEventBytes) return bytes.size();
  const size_t lines = end_of_last_line(bytes.substr(0, kLogEventBytes));
  return lines > 0 ? lines : kLogEventBytes;
}

// The log is part of the store: what goes wrong with it is no fault of the machine's, and is tried again.
Error log_error(const std::string& what, int error_number) {
  Error error = system_error(what, error_number);
  error.code = store::kStoreCode;
  return error;
}

void write_at(int fd, int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw log_error("can not write the job's log", errno);
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
}

int open_log(const JobRun& run) {
  try {
    ensure_private_folder(run.home());
  } catch (Error& error) {
    error.code = store::kStoreCode;
    throw;
  }
  const std::filesystem::path file = run.home() / "log";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) throw log_error("can not open " + file.string(), errno);
  return fd;
}

// A file that is too short, or was last written before this machine started, may lack what its cursor promises.
bool may_have_lost_bytes(const JobRun& run, int fd) {
  struct stat info{};
  if (run.row.log_bytes == 0 || ::fstat(fd, &info) != 0) return false;
  const int64_t started_ms = run.ctx.clock.wall_ms() - run.ctx.clock.mono_ms();
  const int64_t written_ms = int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
  return info.st_size < run.row.log_bytes || written_ms < started_ms;
}

void append_events(store::Connection& connection, const std::string& job_id, int64_t now_ms,
                   const std::vector<training_log::Event>& events) {
  for (const training_log::Event& event : events)
    store::Events(connection).append(job_id, now_ms, event.kind, event.data);
}

void report_unread(JobRun& run, const Error& error) {
  JsonWriter json;
  json.begin_object().member("kind", "log_not_parsed").member("severity", "warning").member("terminal", false);
  json.member("retryable", false).member("message", std::string("the log is stored but not parsed: ") + error.what());
  run.emit("diagnosis", json.member("hint", "stoker logs " + run.row.id + " shows it").end_object().str());
}

TrainingEnd last_terminal_diagnosis(const JobRun& run) {
  TrainingEnd end;
  simdjson::dom::parser parser;
  const auto rows = run.ctx.db.read(
      [&](store::Connection& c) { return store::Events(c).of_kinds(run.row.id, {"diagnosis"}, 0, 10'000); });
  for (const store::EventRow& row : rows) {
    simdjson::dom::element data;
    bool terminal = false;
    if (parser.parse(row.data).get(data) != simdjson::SUCCESS || data["terminal"].get(terminal) != simdjson::SUCCESS)
      continue;
    if (!terminal) continue;
    const auto text = [&](const char* key) {
      std::string_view value;
      return data[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
    };
    end = {text("message"), text("hint")};
  }
  return end;
}

}  // namespace

LogIngest::LogIngest(JobRun& run, std::string_view phase)
    : run_(run),
      phase_(phase),
      fd_(open_log(run)),
      mask_(secret_values(run)),
      restoring_(may_have_lost_bytes(run, fd_)) {}

LogIngest::~LogIngest() { ::close(fd_); }

int64_t LogIngest::begin() {
  pending_.clear();
  return restoring_ ? restored_ : run_.row.log_bytes;
}

void LogIngest::add(int64_t offset, std::string_view bytes) {
  const int64_t expected = (restoring_ ? restored_ : run_.row.log_bytes) + static_cast<int64_t>(pending_.size());
  if (offset != expected)
    throw Error(Fault::internal,
                "the log came at byte " + std::to_string(offset) + " instead of " + std::to_string(expected));
  pending_.append(bytes);
  if (restoring_) restore(false);
  const size_t lines = end_of_last_line(pending_);
  if (lines > 0) store(lines, false);
  if (pending_.size() > kMaxPending) store(pending_.size(), false);
}

// A batch never ended inside a secret, so the old end of the file is a safe place to cut.
void LogIngest::restore(bool final) {
  // Cut first: should this be interrupted, the file is short and known to be wrong.
  if (restored_ == 0 && !pending_.empty() && ::ftruncate(fd_, 0) != 0) throw log_error("can not cut the log", errno);
  const auto missing = static_cast<size_t>(run_.row.log_bytes - restored_);
  std::string chunk = pending_.substr(0, missing);
  const size_t safe = mask_.apply(chunk, final || chunk.size() == missing);
  chunk.resize(safe);
  write_at(fd_, restored_, chunk);
  pending_.erase(0, safe);
  restored_ += static_cast<int64_t>(safe);
  restoring_ = restored_ < run_.row.log_bytes;
}

void LogIngest::flush() {
  if (!restoring_ && !pending_.empty()) store(pending_.size(), false);
}

void LogIngest::finish() {
  if (restoring_) restore(true);
  if (!pending_.empty()) store(pending_.size(), true);
}

// Bytes that the machine no longer has: said so, and those that were not stored yet are a hole in the log.
void LogIngest::gap(int64_t from, int64_t to) {
  finish();
  if (from > (restoring_ ? restored_ : run_.row.log_bytes) || to < from)
    throw Error(Fault::internal, "the log has a gap where nothing was read yet");
  JsonWriter json;
  json.begin_object()
      .member("kind", "log_gap")
      .member("severity", "warning")
      .member("terminal", false)
      .member("retryable", false);
  json.member("message",
              "the machine lost bytes " + std::to_string(from) + " to " + std::to_string(to) + " of the log");
  json.member("hint", "something there cut the log; let the training only append to it").end_object();
  store::JobRow after = run_.row;
  after.log_bytes = std::max(to, after.log_bytes);
  if (restoring_) restored_ = std::max(restored_, to);
  const int64_t end = restoring_ ? restored_ : after.log_bytes;
  struct stat info{};
  if (::fstat(fd_, &info) != 0 || (info.st_size < end && ::ftruncate(fd_, end) != 0))
    throw log_error("can not leave a hole in the log", errno);
  run_.ctx.db.write("log gap", [&](store::Connection& connection) {
    store::Jobs(connection).update(after);
    append_event(run_.ctx, connection, after.id, "diagnosis", json.str());
  });
  restoring_ = restoring_ && restored_ < after.log_bytes;
  if (after.log_bytes != run_.row.log_bytes) reader_.reset();  // the next one reads the hole as it is stored
  run_.row = after;
  run_.ctx.feed.publish(after.id);
}

void LogIngest::store(size_t bytes, bool final) {
  if (restoring_) return;
  std::string chunk = pending_.substr(0, bytes);
  chunk.resize(mask_.apply(chunk, final && bytes == pending_.size()));
  if (chunk.empty()) return;
  store::JobRow after = run_.row;
  const std::vector<training_log::Event> events = parse(chunk, after);
  after.log_bytes += static_cast<int64_t>(chunk.size());
  const auto commit = [&](store::Connection& connection) {
    store::Jobs(connection).update_log(after);
    int64_t offset = run_.row.log_bytes;
    for (std::string_view rest = chunk; !rest.empty();) {
      const size_t size = event_size(rest);
      append_event(run_.ctx, connection, after.id, "log", log_event(offset, size, phase_));
      offset += static_cast<int64_t>(size);
      rest.remove_prefix(size);
    }
    append_events(connection, after.id, run_.ctx.clock.wall_ms(), events);
  };
  try {
    write_at(fd_, run_.row.log_bytes, chunk);
    run_.ctx.db.write("log", commit, store::Durability::relaxed);
  } catch (...) {
    reader_.reset();  // it has read bytes that are not stored; they come again
    throw;
  }
  run_.row = after;
  pending_.erase(0, chunk.size());
  run_.ctx.feed.publish(after.id);
}

// A parser that fails, or is not there any more, must not end a training: the log is then stored unread.
std::vector<training_log::Event> LogIngest::parse(std::string_view chunk, store::JobRow& after) {
  if (unread_) return {};
  const store::JobRow before = after;
  try {
    return read(chunk, after);
  } catch (const Error& error) {
    if (store::is_store_error(error)) throw;
    after = before;
    reader_.reset();
    unread_ = true;
    report_unread(run_, error);
    return {};
  }
}

std::vector<training_log::Event> LogIngest::read(std::string_view chunk, store::JobRow& after) {
  std::vector<training_log::Event> events;
  const int64_t size = after.log_bytes + static_cast<int64_t>(chunk.size());
  if (after.parser.empty() && size >= next_choice_) {
    choose_parser(run_, fd_, chunk, after);
    next_choice_ = size + std::min(size, int64_t{training_log::kHeadBytes}) / 8;
  }
  if (!reader_) reader_ = open_reader(run_, fd_, after, events);
  if (!reader_) return events;
  for (training_log::Event& event : reader_->push(chunk, run_.ctx.clock.wall_ms())) events.push_back(std::move(event));
  after.parser_events = static_cast<int64_t>(reader_->count());
  return events;
}

TrainingEnd finish_parsing(JobRun& run, bool succeeded) {
  const int fd = open_log(run);
  std::vector<training_log::Event> events;
  store::JobRow after = run.row;
  try {
    choose_parser(run, fd, "", after);
    if (after.parser.empty()) after.parser = "none";
    if (const auto reader = open_reader(run, fd, after, events)) {
      const int32_t why = run.row.outcome == "cancelled" ? STOKER_FINISH_CANCELLED : STOKER_FINISH_EOF;
      for (training_log::Event& event : reader->finish(run.ctx.clock.wall_ms(), why, succeeded))
        events.push_back(std::move(event));
      after.parser_events = static_cast<int64_t>(reader->count());
    }
  } catch (const Error& error) {
    ::close(fd);
    if (store::is_store_error(error)) throw;
    report_unread(run, error);
    return last_terminal_diagnosis(run);
  }
  ::close(fd);
  run.ctx.db.write("log end", [&](store::Connection& connection) {
    store::Jobs(connection).update(after);
    append_events(connection, after.id, run.ctx.clock.wall_ms(), events);
  });
  run.row = after;
  run.ctx.feed.publish(after.id);
  return last_terminal_diagnosis(run);
}

}  // namespace stoker::jobs
