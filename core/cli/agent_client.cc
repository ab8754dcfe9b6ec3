#include "core/cli/agent_client.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>

#include <istream>

#include "core/cli/json_reader.h"
#include "core/cli/plain_text.h"

namespace stoker::cli {
namespace {

namespace net = Poco::Net;

constexpr size_t kMaxAnswer = 64 << 20;
constexpr int kPollMs = 200;

class Session final : public net::HTTPClientSession {
 public:
  explicit Session(const ClientView& view) : HTTPClientSession(view.host, view.port) {
    // The agent gives a cloud a minute to answer it.
    setTimeout(Poco::Timespan(10, 0), Poco::Timespan(60, 0), Poco::Timespan(90, 0));
    setKeepAlive(false);
  }
  // Bytes that lie in the session's own buffer are not seen by poll().
  [[nodiscard]] bool readable(int wait_ms) {
    return buffered() > 0 || socket().poll(Poco::Timespan(0, wait_ms * 1000), net::Socket::SELECT_READ);
  }
};

Error no_agent(const std::string& message) {
  Error error(Fault::unavailable, message, "start one with `stoker serve`");
  error.code = kNoAgent;
  return error;
}

Error no_answer(const ClientView& view, const Poco::Exception& e) {
  return no_agent("the agent at " + view.host + ":" + std::to_string(view.port) +
                  " does not answer: " + e.displayText());
}

void write_request(Session& session, net::HTTPRequest& request, const ClientView& view, std::string_view body,
                   const Headers& headers) {
  request.set("Authorization", "Bearer " + view.token);
  for (const auto& [name, value] : headers) request.set(name, value);
  if (!body.empty()) request.setContentType("application/json");
  if (request.getMethod() != "GET") request.setContentLength64(static_cast<Poco::Int64>(body.size()));
  session.sendRequest(request) << body << std::flush;
}

std::string read_all(std::istream& in) {
  std::string body;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    body.append(buffer, static_cast<size_t>(in.gcount()));
    if (body.size() > kMaxAnswer)
      throw Error(Fault::internal, "the agent's answer is larger than 64 MiB", "ask for less at once");
  }
  return body;
}

Fault fault_of(int status) {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 416:
    case 422:
      return Fault::invalid;
    case 401:
      return Fault::auth;
    case 403:
      return Fault::forbidden;
    case 404:
      return Fault::not_found;
    case 409:
    case 412:
      return Fault::conflict;
    case 429:
      return Fault::rate_limited;
    case 502:
    case 503:
    case 504:
      return Fault::unavailable;
    default:
      return Fault::internal;
  }
}

}  // namespace

Error problem_error(int status, const std::string& body) {
  const std::string fallback = "the agent answered with HTTP status " + std::to_string(status);
  try {
    const Json problem = Json::parse(body, "the answer");
    std::string message = problem["detail"].text();
    if (message.empty()) message = problem["title"].text();
    Error error(fault_of(status), message.empty() ? fallback : printable(message), printable(problem["hint"].text()),
                printable(problem["field"].text()));
    error.code = problem["code"].text();
    if (error.code == kNoAgent) error.code.clear();
    return error;
  } catch (const Error&) {
    return {fault_of(status), fallback, "is something else than a Stoker agent listening there?"};
  }
}

ClientView AgentClient::locate() const {
  const auto view = locate_();
  if (!view) throw no_agent("no agent is running");
  return *view;
}

std::string AgentClient::call(const std::string& method, const std::string& path, std::string_view body,
                              const Headers& headers) const {
  const ClientView view = locate();
  try {
    Session session(view);
    net::HTTPRequest request(method, path, net::HTTPMessage::HTTP_1_1);
    write_request(session, request, view, body, headers);
    net::HTTPResponse response;
    std::string answer = read_all(session.receiveResponse(response));
    if (response.getStatus() / 100 != 2) throw problem_error(response.getStatus(), answer);
    return answer;
  } catch (const Poco::Exception& e) {
    throw no_answer(view, e);
  }
}

bool AgentClient::answers() const {
  try {
    (void)get("/v1/health");
    return true;
  } catch (const Error& e) {
    if (e.code == kNoAgent) return false;
    throw;
  }
}

StreamEnd AgentClient::stream(const Stream& what) const {
  const ClientView view = locate();
  bool answered = false;
  try {
    Session session(view);
    net::HTTPRequest request("GET", what.path, net::HTTPMessage::HTTP_1_1);
    write_request(session, request, view, {}, what.headers);
    net::HTTPResponse response;
    std::istream& in = session.receiveResponse(response);
    answered = true;
    if (response.getStatus() / 100 != 2) throw problem_error(response.getStatus(), read_all(in));
    std::streambuf& bytes = *in.rdbuf();
    int64_t heard_ms = clock_.mono_ms();
    for (;;) {
      if (!what.go_on()) return StreamEnd::stopped;
      if (bytes.in_avail() <= 0 && !session.readable(kPollMs)) {
        if (clock_.mono_ms() - heard_ms > what.silence_ms) return StreamEnd::lost;
        continue;
      }
      if (bytes.sgetc() == std::streambuf::traits_type::eof()) return StreamEnd::complete;
      std::string chunk(static_cast<size_t>(std::max<std::streamsize>(bytes.in_avail(), 1)), '\0');
      chunk.resize(static_cast<size_t>(bytes.sgetn(chunk.data(), static_cast<std::streamsize>(chunk.size()))));
      heard_ms = clock_.mono_ms();
      what.sink(chunk);
    }
  } catch (const Poco::Exception& e) {
    if (answered) return StreamEnd::lost;
    throw no_answer(view, e);
  }
}

}  // namespace stoker::cli
