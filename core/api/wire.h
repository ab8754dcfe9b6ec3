// Reading bodies from and writing answers to a non-blocking socket, with deadlines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/api/chunks.h"
#include "core/api/request.h"
#include "core/clock.h"

namespace stoker::api {

// A client that stalls for this long ends the connection.
struct Patience {
  Clock& clock;
  int64_t stall_ms;
};

// Throw deadline when the client stalls, cancelled when it is gone.
void send_all(int socket, std::string_view bytes, const Patience& patience);
void send_file(int socket, const FilePart& part, const Patience& patience);

// Reads and forgets for a moment what the client still sends: closing at once would reset the connection, and the
// client might never see the answer.
void drain(int socket, const Patience& patience);

class SocketBody final : public Body {
 public:
  // A `size` of -1 stands for a chunked body of at most `cap` bytes. `came` is what followed the head already; `ask`
  // when the client waits for "100 Continue".
  SocketBody(int socket, int64_t size, int64_t cap, std::string came, bool ask, const Patience& patience)
      : socket_(socket),
        size_(size),
        chunks_(cap),
        came_(std::move(came)),
        ask_(ask),
        patience_(patience),
        began_ms_(patience.clock.mono_ms()) {}

  [[nodiscard]] int64_t size() const override { return size_; }
  size_t read(char* buffer, size_t capacity) override;

  [[nodiscard]] bool whole() const { return size_ < 0 ? chunks_.whole() : taken_ == size_; }
  // What came after the body: the beginning of the next request. Once, when whole().
  [[nodiscard]] std::string rest() { return came_.substr(came_at_); }

 private:
  size_t read_chunked(char* buffer, size_t capacity);
  size_t receive(char* buffer, size_t capacity);

  int socket_;
  int64_t size_, taken_ = 0;
  Chunks chunks_;
  std::string came_;
  size_t came_at_ = 0;
  bool ask_;
  Patience patience_;
  int64_t began_ms_;
};

}  // namespace stoker::api
