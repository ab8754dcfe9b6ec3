// Accepts connections and waits for whole request heads on one thread, so that a slow or an idle client costs none.
#pragma once

#include <Poco/Net/ServerSocket.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/api/context.h"
#include "core/api/descriptor.h"

namespace stoker::api {

// A connection whose next request has its head complete, or can not have one any more.
struct Knock {
  Descriptor socket;     // non-blocking
  std::string bytes;     // the head and what came with it
  size_t head_size = 0;  // 0: there is none, answer with `status` and close
  int status = 0;
};

class Door {
 public:
  // `receive` gets each knock, on the door's thread, and must be quick. Every knock ends in one give_back() or leave().
  Door(const ServerContext& context, std::function<void(Knock)> receive);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  [[nodiscard]] int port() const { return port_; }
  // The connection waits for its next request, of which `bytes` have come already.
  void give_back(Descriptor socket, std::string bytes);
  void leave();  // the connection was closed or became a stream

 private:
  struct Guest {
    Descriptor socket;
    std::string bytes;
    int64_t since_ms = 0;  // when it came, or its request began
  };
  struct Returned {
    Descriptor socket;
    std::string bytes;
  };

  void listen();
  void run();
  void accept_all();
  void admit(Descriptor socket, std::string bytes);
  void on_ready(int fd);
  bool knock_if_whole(Guest& guest);  // true: the guest has gone
  void hand_over(Guest& guest, size_t head_size, int status);
  [[nodiscard]] bool watch(int fd) const;
  void pause_accepting();
  void make_room();
  void send_oldest_home();
  void send_home_late();
  [[nodiscard]] bool take_returned();

  const ServerContext& context_;
  std::function<void(Knock)> receive_;
  Poco::Net::ServerSocket listener_;
  int port_ = 0;
  Descriptor epoll_, wake_;
  std::map<int, Guest> guests_;
  int64_t accept_again_ms_ = 0;  // 0: accepting
  std::mutex mutex_;             // of what follows
  std::vector<Returned> returned_;
  int being_answered_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace stoker::api
