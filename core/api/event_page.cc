#include "core/api/event_page.h"

#include <fcntl.h>
#include <simdjson.h>

#include <algorithm>
#include <cerrno>

#include "core/clock.h"
#include "core/error.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api {
namespace {

constexpr int64_t kProgressEveryMs = kSecond;
constexpr int64_t kMaxLogText = 1 << 20;

std::string read_at(int fd, int64_t offset, int64_t size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + have, bytes.size() - have, offset + static_cast<int64_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw system_error("can not read the log of a job", errno);
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace

size_t EventPage::offset_after(int64_t seq) const {
  const auto it = std::upper_bound(frames.begin(), frames.end(), seq,
                                   [](int64_t wanted, const auto& frame) { return wanted < frame.first; });
  return it == frames.end() ? bytes.size() : it->second;
}

void FrameWriter::append(EventPage& page, const store::EventRow& row) {
  if (row.kind == "progress") {
    held_.reset();
    if (last_progress_ms_ && row.t_ms - *last_progress_ms_ < kProgressEveryMs) {
      held_ = row;
    } else {
      last_progress_ms_ = row.t_ms;
      write(page, row);
    }
  } else {
    release(page, row.kind == "end" ? INT64_MAX : row.t_ms);
    write(page, row);
  }
  page.end = row.seq;
}

void FrameWriter::release(EventPage& page, int64_t now_ms) {
  if (!held_ || now_ms - *last_progress_ms_ < kProgressEveryMs) return;
  last_progress_ms_ = held_->t_ms;
  write(page, *held_);
  held_.reset();
}

void FrameWriter::write(EventPage& page, const store::EventRow& row) {
  std::string data = row.kind == "log" ? with_text(row) : row.data;
  std::replace_if(data.begin(), data.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  // Rows after a held-back one may be in the page already; its own row is not, or is the last.
  const bool overtaken = row.seq < page.end;
  page.frames.emplace_back(std::max(row.seq, page.end), page.bytes.size());
  if (!overtaken) page.bytes.append("id: ").append(std::to_string(row.seq)).append("\n");
  page.bytes.append("event: ").append(row.kind).append("\ndata: ").append(data).append("\n\n");
}

std::string FrameWriter::with_text(const store::EventRow& row) {
  simdjson::dom::parser parser;
  simdjson::dom::object event;
  int64_t offset = 0, size = 0;
  if (parser.parse(row.data).get(event) != simdjson::SUCCESS || event["offset"].get(offset) != simdjson::SUCCESS ||
      event["size"].get(size) != simdjson::SUCCESS || offset < 0 || size < 0)
    return row.data;
  if (!log_) log_ = Descriptor(::open(log_path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!log_ && errno != ENOENT) throw system_error("can not open " + log_path_.string(), errno);
  JsonWriter json;
  json.begin_object();
  for (const auto [key, value] : event) json.key(key).raw(simdjson::minify(value));
  json.member("text", log_ ? to_utf8(read_at(log_.get(), offset, std::min(size, kMaxLogText))) : "");
  return json.end_object().str();
}

}  // namespace stoker::api
