// TCP connections that an SSH connection carries to the other side: the seam in front of port forwarding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace stoker::remote {

// One TCP connection. One thread may read while another writes; its end closes the connection. Throws unavailable once
// the connection broke, cancelled and deadline as `wait` says.
class Stream {
 public:
  virtual ~Stream() = default;
  // Waits for at least one byte; 0: the other side sends no more.
  virtual size_t read(char* to, size_t size, const Wait& wait) = 0;
  // Returns when all of it is on its way.
  virtual void write(std::string_view bytes, const Wait& wait) = 0;
  // Tells the other side that nothing more will be written; reading goes on.
  virtual void finish() = 0;
  // For poll(2): readable while read() has something to tell. Not for reading from.
  [[nodiscard]] virtual int descriptor() const = 0;
};

// Any thread, any number of streams at a time. Its end breaks the streams that are left.
class Tunnel {
 public:
  virtual ~Tunnel() = default;
  // `host` as the other side names it. Throws not_found when nothing accepts the connection there, unavailable when the
  // SSH connection broke.
  virtual std::unique_ptr<Stream> open_tcp(const std::string& host, uint16_t port, const Wait& wait) = 0;
  // False once the SSH connection broke: nothing can be opened any more.
  [[nodiscard]] virtual bool alive() const = 0;
};

}  // namespace stoker::remote
