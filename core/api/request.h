// A request that passed the guard, and the answer to it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/descriptor.h"
#include "core/api/head.h"
#include "core/api/problem.h"
#include "core/api/target.h"
#include "core/api/token.h"

namespace stoker::api {

// The body of the request being answered. Reads block, at most until the client stalls.
class Body {
 public:
  virtual ~Body() = default;
  [[nodiscard]] virtual int64_t size() const = 0;  // as announced by Content-Length; -1: it comes in chunks
  // The next bytes, at least one; 0 at the end. Throws deadline or cancelled when they do not come; of a chunked body
  // also invalid when it is none, and TooLarge past the route's cap.
  virtual size_t read(char* buffer, size_t capacity) = 0;
};

struct Caller {
  std::string name;
  Scope scope = Scope::none;
  [[nodiscard]] bool admin() const { return scope == Scope::admin; }
  [[nodiscard]] bool may_see(const std::string& owner) const { return admin() || owner == name; }
};

struct Request {
  const Head& head;
  const Target& target;
  std::vector<std::string> parameters;  // what {…} of the route's path stood for
  Caller caller;
  Body& body;
};

// What is sent of an open file.
struct FilePart {
  Descriptor fd;
  int64_t first = 0, size = 0;
};

// The answer goes on without a thread: see StreamLoop.
struct StreamOrder {
  enum class Kind { events, log } kind = Kind::events;
  std::string job_id;
  int64_t from = 0;  // events: the last seq the client has; log: the first byte it wants
  Descriptor log;
  std::string token_id = {};  // of an app: with its token the stream ends. Set by the exchange
};

// A body that is made while it goes out, on the thread of its request.
class Flow {
 public:
  virtual ~Flow() = default;
  // The next bytes, at least one; 0 at the end. What it throws ends the connection, so that the client sees a break.
  virtual size_t read(char* buffer, size_t capacity) = 0;
};

struct Reply {
  std::optional<Problem> problem;  // a refusal with a code of its own: status, type and body are made of it
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<FilePart> file;      // instead of `body`
  std::optional<StreamOrder> order;  // instead of both
  std::unique_ptr<Flow> flow;        // instead of all three
};

}  // namespace stoker::api
