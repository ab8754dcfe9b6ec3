#include "core/api/stream_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/api/event_channel.h"
#include "core/api/job_json.h"
#include "core/api/token_list.h"
#include "core/error.h"

namespace stoker::api {
namespace {

constexpr size_t kLogChunk = 64 * 1024;
constexpr size_t kBytesATurn = 256 * 1024;  // then the next client has its turn
constexpr int kTickMs = 250;

std::string as_chunk(const std::string& bytes) {
  char size[20];
  const int n = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size, static_cast<size_t>(n)) + bytes + "\r\n";
}

}  // namespace

StreamInbox::StreamInbox() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw system_error("can not make an eventfd", errno);
}

void StreamInbox::add(Arrival arrival) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    mail_.arrivals.push_back(std::move(arrival));
  }
  wake();
}

void StreamInbox::touch(const std::string& job_id) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || !mail_.touched.insert(job_id).second) return;
  }
  wake();
}

void StreamInbox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    mail_ = {};
    mail_.closed = true;
  }
  wake();
}

StreamInbox::Mail StreamInbox::take() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(mail_, Mail{});
}

// A full counter wakes as well as a new one.
void StreamInbox::wake() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

// What the streams of a job share.
struct StreamLoop::Job {
  std::string id;
  std::optional<EventChannel> events;  // while there are event streams
  int64_t log_bytes = 0;
  bool terminal = false;
  std::set<Stream*> streams;
};

struct StreamLoop::Stream {
  Descriptor socket;
  Job* job = nullptr;
  StreamOrder order;
  bool chunked = false;
  std::string own;  // head, comments, pieces of the log: what is sent before anything shared
  size_t own_at = 0;
  std::shared_ptr<EventPage> page;
  size_t page_at = 0;
  bool finished = false;  // nothing follows `own`
  bool dead = false;
  bool blocked = false;  // waits for the socket to take more
  int64_t last_sent_ms = 0;
};

StreamLoop::StreamLoop(const ServerContext& context)
    : context_(context), inbox_(std::make_shared<StreamInbox>()), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw system_error("can not make an epoll descriptor", errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, inbox_->wake_fd(), &event) != 0)
    throw system_error("can not watch an eventfd", errno);
  thread_ = context_.clock.start("api-streams", [this] { run(); });
}

StreamLoop::~StreamLoop() {
  inbox_->close();
  context_.clock.join(thread_);
}

void StreamLoop::run() {
  int64_t next_tick_ms = 0;
  for (;;) {
    epoll_event events[256];
    const int timeout = !touched_.empty() ? 0 : streams_.empty() ? -1 : kTickMs;
    const int n = ::epoll_wait(epoll_.get(), events, std::size(events), timeout);
    StreamInbox::Mail mail = inbox_->take();
    if (mail.closed) return streams_.clear();
    for (int i = 0; i < n; ++i)
      if (events[i].data.ptr) on_ready(*static_cast<Stream*>(events[i].data.ptr), events[i].events);
    touched_.merge(mail.touched);
    for (auto& arrival : mail.arrivals) begin(std::move(arrival));
    for (const std::string& id : std::exchange(touched_, {}))
      if (const auto it = jobs_.find(id); it != jobs_.end()) serve_job(*it->second);
    if (context_.clock.mono_ms() >= next_tick_ms) {
      tick();
      next_tick_ms = context_.clock.mono_ms() + kTickMs;
    }
    bury();
  }
}

void StreamLoop::begin(StreamInbox::Arrival arrival) {
  if (streams_.size() >= static_cast<size_t>(context_.max_streams)) {
    // A new connection takes these few bytes at once; who does not get them sees it closed.
    (void)::send(arrival.socket.get(), arrival.refusal.data(), arrival.refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  auto stream = std::make_unique<Stream>();
  stream->socket = std::move(arrival.socket);
  stream->order = std::move(arrival.order);
  stream->own = std::move(arrival.head);
  stream->chunked = arrival.chunked;
  stream->last_sent_ms = context_.clock.mono_ms();
  auto& job = jobs_[stream->order.job_id];
  if (!job) {
    job = std::make_unique<Job>();
    job->id = stream->order.job_id;
  }
  Stream& it = *stream;
  it.job = job.get();
  job->streams.insert(&it);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.ptr = &it;
  streams_[it.socket.get()] = std::move(stream);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, it.socket.get(), &event) != 0) return cut(it);
  touched_.insert(job->id);
}

void StreamLoop::serve_job(Job& job) {
  try {
    const auto wants = [](StreamOrder::Kind kind) {
      return [kind](const Stream* it) { return it->order.kind == kind; };
    };
    if (std::any_of(job.streams.begin(), job.streams.end(), wants(StreamOrder::Kind::events))) {
      if (!job.events) job.events.emplace(context_, job.id);
      if (job.events->pull()) touched_.insert(job.id);
    }
    if (std::any_of(job.streams.begin(), job.streams.end(), wants(StreamOrder::Kind::log))) {
      const auto row = context_.db.read([&](store::Connection& c) { return store::Jobs(c).find(job.id); });
      job.log_bytes = row ? row->log_bytes : 0;
      job.terminal = !row || store::is_terminal(row->state);
    }
  } catch (const std::exception& error) {
    context_.log("streams of job " + job.id + " are cut: " + error.what());
    for (Stream* stream : job.streams) cut(*stream);
  }
  for (Stream* stream : job.streams)
    if (!stream->blocked && !stream->dead) pump(*stream);
}

void StreamLoop::on_ready(Stream& stream, uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) return cut(stream);
  if ((events & EPOLLIN) != 0) {
    char ignored[1024];
    const ssize_t n = ::recv(stream.socket.get(), ignored, sizeof ignored, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return cut(stream);
  }
  if ((events & EPOLLOUT) != 0) pump(stream);
}

void StreamLoop::pump(Stream& stream) {
  try {
    for (size_t sent = 0; !stream.dead;) {
      // A reader so far behind a live job that its page is gone resumes by id.
      if (stream.page && stream.page->dropped && stream.page_at < stream.page->bytes.size()) return cut_off(stream);
      if (!next_bytes(stream)) {
        if (stream.finished) return cut(stream);
        return watch(stream, false);
      }
      const bool own = stream.own_at < stream.own.size();
      const std::string& from = own ? stream.own : stream.page->bytes;
      size_t& at = own ? stream.own_at : stream.page_at;
      const ssize_t n = ::send(stream.socket.get(), from.data() + at, from.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return watch(stream, true);
      if (n < 0) return cut(stream);
      at += static_cast<size_t>(n);
      sent += static_cast<size_t>(n);
      stream.last_sent_ms = context_.clock.mono_ms();
      if (sent >= kBytesATurn) return watch(stream, true);
    }
  } catch (const std::exception& error) {
    context_.log("a stream of job " + stream.order.job_id + " is cut: " + error.what());
    cut(stream);
  }
}

bool StreamLoop::next_bytes(Stream& stream) {
  if (stream.own_at < stream.own.size()) return true;
  stream.own.clear();
  stream.own_at = 0;
  if (stream.finished) return false;
  return stream.order.kind == StreamOrder::Kind::events ? next_events(stream) : next_log(stream);
}

bool StreamLoop::next_events(Stream& stream) {
  EventChannel& events = *stream.job->events;
  if (!stream.page) {
    const int64_t after = std::min(stream.order.from, events.tail()->end);
    stream.page = events.page_after(after);
    stream.page_at = stream.page->offset_after(after);
  }
  while (stream.page_at == stream.page->bytes.size()) {
    if (stream.page == events.tail()) {
      stream.finished = events.ended();
      return false;
    }
    const int64_t after = stream.page->end;
    auto next = events.page_after(after);
    if (next != events.tail() && next->end == after) throw Error(Fault::internal, "events are missing from the store");
    stream.page_at = next->offset_after(after);
    stream.page = std::move(next);
  }
  return true;
}

bool StreamLoop::next_log(Stream& stream) {
  const Job& job = *stream.job;
  if (stream.order.from >= job.log_bytes) {
    if (!job.terminal) return false;
    stream.finished = true;
    if (stream.chunked) stream.own = "0\r\n\r\n";
    return stream.chunked;
  }
  if (!stream.order.log)
    stream.order.log = Descriptor(::open(log_path(context_, job.id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!stream.order.log) throw system_error("can not open the log", errno);
  std::string piece(std::min<size_t>(kLogChunk, static_cast<size_t>(job.log_bytes - stream.order.from)), '\0');
  const ssize_t n = ::pread(stream.order.log.get(), piece.data(), piece.size(), stream.order.from);
  if (n < 0) throw system_error("can not read the log", errno);
  if (n == 0) throw Error(Fault::internal, "the log is shorter than the store says");
  piece.resize(static_cast<size_t>(n));
  stream.order.from += n;
  stream.own = stream.chunked ? as_chunk(piece) : std::move(piece);
  return true;
}

void StreamLoop::watch(Stream& stream, bool writable) {
  if (stream.blocked == writable) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0u);
  event.data.ptr = &stream;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, stream.socket.get(), &event) != 0) return cut(stream);
  stream.blocked = writable;
}

void StreamLoop::tick() {
  const int64_t now = context_.clock.mono_ms();
  for (const auto& [id, job] : jobs_)
    if (job->events && job->events->holds()) {
      job->events->release();
      touched_.insert(id);
    }
  const auto tokens = context_.token_list->current();
  for (const auto& [fd, stream] : streams_) {
    const std::string& token_id = stream->order.token_id;
    const auto is_it = [&](const Token& token) { return token.id == token_id; };
    if (!token_id.empty() && std::none_of(tokens->begin(), tokens->end(), is_it)) {
      cut(*stream);
      continue;
    }
    const int64_t quiet = now - stream->last_sent_ms;
    if (stream->blocked) {
      if (quiet >= context_.stall_ms) cut_off(*stream);
    } else if (stream->order.kind == StreamOrder::Kind::events && !stream->dead && quiet >= context_.heartbeat_ms) {
      stream->own = ":\n\n";
      pump(*stream);
    }
  }
}

void StreamLoop::cut(Stream& stream) const { stream.dead = true; }

// With a reset: what the kernel still holds for a reader that takes nothing would stay for many minutes.
void StreamLoop::cut_off(Stream& stream) const {
  const linger now{1, 0};
  ::setsockopt(stream.socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  cut(stream);
}

void StreamLoop::bury() {
  for (auto it = streams_.begin(); it != streams_.end();) {
    Stream& stream = *it->second;
    if (!stream.dead) {
      ++it;
      continue;
    }
    // Closing alone would not do: a child between fork and exec still holds the socket, and its events would name a
    // stream that is no more.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, stream.socket.get(), nullptr);
    stream.job->streams.erase(&stream);
    if (stream.job->streams.empty()) jobs_.erase(std::string(stream.job->id));
    it = streams_.erase(it);
  }
}

}  // namespace stoker::api
