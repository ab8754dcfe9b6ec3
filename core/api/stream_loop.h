// Event streams and followed logs of all clients, written by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/api/context.h"
#include "core/api/descriptor.h"
#include "core/api/request.h"

namespace stoker::api {

// What other threads leave for the loop. Outlives it, because listeners of the feed can not be removed.
class StreamInbox {
 public:
  struct Arrival {
    Descriptor socket;
    std::string head;     // of the answer, sent first
    std::string refusal;  // the whole answer when there are too many streams
    bool chunked = false;
    StreamOrder order;
  };

  StreamInbox();
  void add(Arrival arrival);
  void touch(const std::string& job_id);  // it has new events
  void close();
  [[nodiscard]] int wake_fd() const { return wake_.get(); }

  struct Mail {
    std::vector<Arrival> arrivals;
    std::set<std::string> touched;
    bool closed = false;
  };
  Mail take();

 private:
  void wake() const;

  Descriptor wake_;
  std::mutex mutex_;
  Mail mail_;
  bool closed_ = false;
};

class StreamLoop {
 public:
  explicit StreamLoop(const ServerContext& context);
  ~StreamLoop();  // cuts all streams
  StreamLoop(const StreamLoop&) = delete;
  StreamLoop& operator=(const StreamLoop&) = delete;

  [[nodiscard]] const std::shared_ptr<StreamInbox>& inbox() const { return inbox_; }

 private:
  struct Stream;
  struct Job;

  void run();
  void begin(StreamInbox::Arrival arrival);
  void serve_job(Job& job);
  void on_ready(Stream& stream, uint32_t events);
  void pump(Stream& stream);
  bool next_bytes(Stream& stream);  // false: nothing to send now
  bool next_events(Stream& stream);
  bool next_log(Stream& stream);
  void watch(Stream& stream, bool writable);
  void tick();
  void cut(Stream& stream) const;
  void cut_off(Stream& stream) const;
  void bury();

  const ServerContext& context_;
  std::shared_ptr<StreamInbox> inbox_;
  Descriptor epoll_;
  std::map<int, std::unique_ptr<Stream>> streams_;
  std::map<std::string, std::unique_ptr<Job>> jobs_;
  std::set<std::string> touched_;
  std::thread thread_;
};

}  // namespace stoker::api
