#include "tests/e2e/api_client.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>

#include <iterator>

namespace stoker::e2e {

using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;

Answer ApiClient::call(const std::string& method, const std::string& path, const std::string& body,
                       const Fields& fields) const {
  HTTPClientSession session("127.0.0.1", port_);
  session.setTimeout(Poco::Timespan(60, 0));
  HTTPRequest request(method, path, HTTPRequest::HTTP_1_1);
  if (!token_.empty()) request.set("Authorization", "Bearer " + token_);
  if (!body.empty()) request.setContentType("application/json");
  if (!body.empty() || method == "POST" || method == "PUT")
    request.setContentLength64(static_cast<int64_t>(body.size()));
  for (const auto& [name, value] : fields) request.set(name, value);
  session.sendRequest(request) << body << std::flush;
  HTTPResponse response;
  std::istream& in = session.receiveResponse(response);
  Answer answer{static_cast<int>(response.getStatus()), response.getContentType(), {}};
  answer.body.assign(std::istreambuf_iterator<char>(in), {});
  return answer;
}

bool ApiClient::stream(const std::string& job, int64_t after, size_t max_bytes, std::string& transcript) const {
  HTTPClientSession session("127.0.0.1", port_);
  session.setTimeout(Poco::Timespan(60, 0));
  HTTPRequest request("GET", "/v1/jobs/" + job + "/events", HTTPRequest::HTTP_1_1);
  request.set("Authorization", "Bearer " + token_);
  request.set("Last-Event-ID", std::to_string(after));
  session.sendRequest(request);
  HTTPResponse response;
  std::istream& in = session.receiveResponse(response);
  if (response.getStatus() != 200) throw Poco::IOException("events: " + std::to_string(response.getStatus()));
  for (char byte = 0; max_bytes > 0; --max_bytes) {
    if (!in.get(byte)) {
      if (session.networkException() != nullptr) session.networkException()->rethrow();
      return true;
    }
    transcript += byte;
  }
  session.abort();
  return false;
}

std::vector<Event> events_in(const std::string& transcript) {
  std::vector<Event> events;
  size_t at = 0;
  for (size_t end = transcript.find("\n\n"); end != std::string::npos; end = transcript.find("\n\n", at)) {
    Event event;
    for (size_t line = at; line < end;) {
      const size_t stop = transcript.find('\n', line);
      const std::string text = transcript.substr(line, stop - line);
      if (text.starts_with("id: ")) event.id = std::stoll(text.substr(4));
      if (text.starts_with("event: ")) event.kind = text.substr(7);
      if (text.starts_with("data: ")) event.data = text.substr(6);
      line = stop + 1;
    }
    if (!event.kind.empty()) events.push_back(event);
    at = end + 2;
  }
  return events;
}

}  // namespace stoker::e2e
