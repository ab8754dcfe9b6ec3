#include "core/jobs/log_ingest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/json.h"
#include "core/private_file.h"
#include "core/store/sqlite_error.h"

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

void write_at(int fd, int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      Error error = system_error("can not write the job's log", errno);
      error.code = store::kDiskFullCode;
      throw error;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
}

}  // namespace

LogIngest::LogIngest(JobRun& run, std::string_view phase) : run_(run), phase_(phase), mask_(secret_values(run)) {
  ensure_private_folder(run.home());
  const std::filesystem::path file = run.home() / "log";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw system_error("can not open " + file.string(), errno);
}

LogIngest::~LogIngest() { ::close(fd_); }

void LogIngest::rewind() { pending_.clear(); }

void LogIngest::add(int64_t offset, std::string_view bytes) {
  const int64_t expected = run_.row.log_bytes + static_cast<int64_t>(pending_.size());
  if (offset != expected)
    throw Error(Fault::internal,
                "the log came at byte " + std::to_string(offset) + " instead of " + std::to_string(expected));
  pending_.append(bytes);
  const size_t lines = end_of_last_line(pending_);
  if (lines > 0) store(lines, false);
  if (pending_.size() > kMaxPending) store(pending_.size(), false);
}

void LogIngest::flush() {
  if (!pending_.empty()) store(pending_.size(), false);
}

void LogIngest::finish() {
  if (!pending_.empty()) store(pending_.size(), true);
}

// Bytes that the instance no longer has: a hole in the stored log, and said so.
void LogIngest::gap(int64_t from, int64_t to) {
  finish();
  if (from != run_.row.log_bytes || to < from)
    throw Error(Fault::internal, "the log lost bytes that were stored already");
  JsonWriter json;
  json.begin_object()
      .member("kind", "log_gap")
      .member("severity", "warning")
      .member("terminal", false)
      .member("retryable", false);
  json.member("message",
              "the machine lost bytes " + std::to_string(from) + " to " + std::to_string(to) + " of the log");
  json.member("hint", "the training wrote faster than could be kept; log less").end_object();
  store::JobRow after = run_.row;
  after.log_bytes = to;
  run_.ctx.db.write("log gap", [&](store::Connection& connection) {
    store::Jobs(connection).update(after);
    append_event(run_.ctx, connection, after.id, "diagnosis", json.str());
  });
  run_.row = after;
  run_.ctx.feed.publish(after.id);
}

void LogIngest::store(size_t bytes, bool final) {
  std::string chunk = pending_.substr(0, bytes);
  const bool more_follows = bytes < pending_.size();
  const size_t safe = mask_.apply(chunk, final && !more_follows);
  if (safe == 0) return;
  chunk.resize(safe);
  write_at(fd_, run_.row.log_bytes, chunk);
  store::JobRow after = run_.row;
  after.log_bytes += static_cast<int64_t>(chunk.size());
  run_.ctx.db.write(
      "log",
      [&](store::Connection& connection) {
        store::Jobs(connection).update(after);
        int64_t offset = run_.row.log_bytes;
        for (std::string_view rest = chunk; !rest.empty();) {
          const size_t size = event_size(rest);
          append_event(run_.ctx, connection, after.id, "log", log_event(offset, size, phase_));
          offset += static_cast<int64_t>(size);
          rest.remove_prefix(size);
        }
      },
      store::Durability::relaxed);
  run_.row = after;
  pending_.erase(0, safe);
  run_.ctx.feed.publish(after.id);
}

TrainingEnd finish_parsing(JobRun&) { return {}; }

}  // namespace stoker::jobs
