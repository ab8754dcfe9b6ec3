#include "core/api/exchange.h"

#include <Poco/Net/HTTPResponse.h>
#include <fmt/format.h>
#include <sodium.h>

#include <sstream>

#include "core/api/dialect.h"
#include "core/api/problem.h"
#include "core/api/token_list.h"
#include "core/api/wire.h"
#include "core/error.h"

namespace stoker::api {
namespace {

Reply problem_reply(Problem problem) {
  Reply reply;
  reply.problem = std::move(problem);
  return reply;
}

constexpr const char* kExposedHeaders =
    "Location, Content-Range, Retry-After, Retry-After-Ms, X-Request-Id, X-Should-Retry";

// Unique for as long as anyone reads the log.
std::string new_request_id() {
  [[maybe_unused]] static const bool ready = sodium_init() >= 0;
  unsigned char bytes[12];
  randombytes_buf(bytes, sizeof bytes);
  char text[2 * sizeof bytes + 1];
  sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
  return "req_" + std::string(text);
}

class Exchange {
 public:
  Exchange(Knock knock, const ServerContext& context, const GuardRules& rules)
      : socket_(std::move(knock.socket)), knock_(std::move(knock)), context_(context), rules_(rules) {}

  void run() {
    Reply reply = make_reply();
    settle(reply);
    if (reply.order) {
      order_ = std::move(reply.order);
      order_->token_id = verdict_.token_id;
      const bool chunked = order_->kind == StreamOrder::Kind::log && head_.minor == 1;
      arrival_ = {{}, head_of(reply, chunked ? "chunked" : "", -1), refusal(), chunked, std::move(*order_)};
      return;
    }
    if (reply.flow) return send_flow(reply);
    const int64_t size = reply.file ? reply.file->size : static_cast<int64_t>(reply.body.size());
    keep_ = keep_ && reply.status != 408 && reply.status != 431;
    std::string bytes = head_of(reply, "", size);
    if (head_.method != "HEAD") bytes += reply.body;
    send_all(socket_.get(), bytes, patience());
    if (reply.file && head_.method != "HEAD") send_file(socket_.get(), *reply.file, patience());
    if (unread_) drain(socket_.get(), patience());
  }

  void leave(Door& door, StreamInbox& streams) {
    if (order_) {
      arrival_.socket = std::move(socket_);
      streams.add(std::move(arrival_));
      return door.leave();
    }
    if (!keep_) return door.leave();
    door.give_back(std::move(socket_), std::move(rest_));
  }

  void give_up() { keep_ = false; }

 private:
  [[nodiscard]] Patience patience() const { return {context_.clock, context_.stall_ms}; }

  void send_flow(const Reply& reply) {
    const bool chunked = head_.minor == 1;
    bool whole = false;
    try {
      send_all(socket_.get(), head_of(reply, chunked ? "chunked" : "", -1), patience());
      char buffer[16 * 1024];
      while (const size_t n = reply.flow->read(buffer, sizeof buffer)) {
        std::string bytes(buffer, n);
        if (chunked) bytes = fmt::format("{:x}\r\n{}\r\n", n, bytes);
        send_all(socket_.get(), bytes, patience());
      }
      whole = true;
      if (chunked) send_all(socket_.get(), "0\r\n\r\n", patience());
    } catch (const Error& error) {
      keep_ = false;
      if (!whole && error.fault != Fault::cancelled)
        context_.log(std::string(verdict_.route->path) + ": " + error.what());
    }
  }

  Reply make_reply() {
    unread_ = knock_.status == 431;
    if (knock_.status != 0) return refuse_knock();
    HeadResult parsed = parse_head(std::string_view(knock_.bytes).substr(0, knock_.head_size));
    head_ = std::move(parsed.head);
    unread_ = parsed.fault.has_value();
    verdict_.dialect = dialect_of(head_.target);
    if (parsed.fault) return problem_reply({parsed.fault->status, "invalid", parsed.fault->why, {}, {}});
    verdict_ = guard(head_, rules_, *context_.token_list->current());
    const auto expect = head_.find("Expect");
    SocketBody body(socket_.get(), verdict_.body_size, verdict_.body_cap, knock_.bytes.substr(knock_.head_size),
                    expect && same_word(*expect, "100-continue"), patience());
    Reply reply = judged_reply(body);
    const auto connection = head_.find("Connection");
    // After a refusal on sight nothing of the client is believed, the length of its body neither.
    keep_ = head_.minor == 1 && body.whole() && !(connection && same_word(*connection, "close")) &&
            verdict_.problem.status != 400 && verdict_.problem.status != 421;
    unread_ = !body.whole();
    if (keep_) rest_ = body.rest();
    return reply;
  }

  Reply judged_reply(Body& body) {
    Reply reply;
    if (verdict_.kind == Verdict::Kind::preflight) {
      reply.status = 204;
    } else if (verdict_.kind == Verdict::Kind::refuse) {
      reply = problem_reply(verdict_.problem);
    } else {
      reply = handled_reply(body);
    }
    reply.fields.insert(reply.fields.end(), verdict_.fields.begin(), verdict_.fields.end());
    return reply;
  }

  Reply handled_reply(Body& body) {
    const Request request{head_, verdict_.target, verdict_.parameters, verdict_.caller, body};
    try {
      if (!verdict_.token_id.empty()) note_use();
      return verdict_.route->handler(context_, request);
    } catch (const Error& error) {
      if (error.fault == Fault::cancelled && context_.closing.stop_requested())
        return problem_reply({503, "unavailable", "the agent is closing", "ask again when it is back", {}});
      if (error.fault == Fault::internal) context_.log(std::string(verdict_.route->path) + ": " + error.what());
      return problem_reply(problem_of(error));
    } catch (const std::exception& error) {
      context_.log(std::string(verdict_.route->path) + ": " + error.what());
      return problem_reply({500, "internal", "the agent failed to answer", "its log says why", {}});
    }
  }

  // A store that is full for the moment is no reason to refuse.
  void note_use() {
    try {
      context_.token_list->note_use(verdict_.token_id);
    } catch (const Error& error) {
      context_.log("the use of token " + verdict_.caller.name + " was not recorded: " + error.what());
    }
  }

  [[nodiscard]] Reply refuse_knock() const {
    switch (knock_.status) {
      case 408:
        return problem_reply({408, "deadline", "the request head did not come in time", {}, {}});
      case 431:
        return problem_reply({431, "invalid", "the request head is larger than 16384 bytes", {}, {}});
      default:
        return problem_reply({503, "unavailable", "too many connections are being answered", "try again", {}});
    }
  }

  // Writes a refusal in the dialect of the path.
  void settle(Reply& reply) const {
    if (!reply.problem) return;
    Refusal refusal = refusal_of(*reply.problem, verdict_.dialect);
    reply.status = refusal.status;
    reply.content_type = refusal.content_type;
    reply.body = verdict_.silent ? "" : std::move(refusal.body);
  }

  std::string refusal() {
    Reply reply = problem_reply({503, "unavailable", "too many streams are open", "try again later", {}});
    settle(reply);
    keep_ = false;
    return head_of(reply, "", static_cast<int64_t>(reply.body.size())) + reply.body;
  }

  std::string head_of(const Reply& reply, const std::string& encoding, int64_t size) {
    Poco::Net::HTTPResponse response(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(reply.status));
    response.setVersion("HTTP/1.1");
    response.setDate(Poco::Timestamp());
    if (reply.status != 204 && !(size == 0 && verdict_.silent)) response.setContentType(reply.content_type);
    if (size >= 0 && reply.status != 204) response.setContentLength64(size);
    if (!encoding.empty()) response.setTransferEncoding(encoding);
    const bool close = size < 0 || !keep_;
    response.set("Connection", close ? "close" : "keep-alive");
    response.set("X-Request-Id", new_request_id());
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'");
    response.set("Cache-Control", "no-store");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    response.set("Vary", "Origin");
    if (!verdict_.origin.empty()) {
      response.set("Access-Control-Allow-Origin", verdict_.origin);
      response.set("Access-Control-Expose-Headers", kExposedHeaders);
    }
    for (const auto& [name, value] : reply.fields) response.add(name, value);
    std::ostringstream out;
    response.write(out);
    return out.str();
  }

  Descriptor socket_;
  Knock knock_;
  const ServerContext& context_;
  const GuardRules& rules_;
  Head head_;
  Verdict verdict_;
  bool keep_ = false;
  bool unread_ = false;  // the client may still be sending what nobody will read
  std::string rest_;
  std::optional<StreamOrder> order_;
  StreamInbox::Arrival arrival_;
};

}  // namespace

void answer(Knock knock, const ServerContext& context, const GuardRules& rules, Door& door, StreamInbox& streams) {
  Exchange exchange(std::move(knock), context, rules);
  try {
    exchange.run();
  } catch (const Error& error) {
    exchange.give_up();
    if (error.fault != Fault::cancelled && error.fault != Fault::deadline) context.log(error.what());
  } catch (const std::exception& error) {
    exchange.give_up();
    context.log(error.what());
  }
  exchange.leave(door, streams);
}

}  // namespace stoker::api
