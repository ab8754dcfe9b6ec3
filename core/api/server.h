// The HTTP API of the agent: a door, a few workers, and one thread for all streams.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/api/context.h"
#include "core/api/door.h"
#include "core/api/guard.h"
#include "core/api/stream_loop.h"

namespace stoker::api {

class Server {
 public:
  // Listens when it returns. Throws invalid for an address that is not loopback, unavailable when the port is taken.
  explicit Server(ServerContext context);
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] int port() const { return door_->port(); }
  // Closes the port and cuts streams; requests being answered are finished first, those that wait for a cloud are
  // answered that the agent is closing.
  void stop();

 private:
  void work(const std::stop_token& stop);

  ServerContext context_;
  GuardRules rules_;
  Signal knocked_;
  std::mutex mutex_;  // of knocks_
  std::deque<Knock> knocks_;
  std::stop_source stop_;
  std::unique_ptr<StreamLoop> streams_;
  std::unique_ptr<Door> door_;
  std::vector<std::thread> workers_;
};

}  // namespace stoker::api
