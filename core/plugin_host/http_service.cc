#include "core/plugin_host/http_service.h"

#include <vector>

#include "core/plugin_host/account_link.h"
#include "core/plugin_host/explained.h"
#include "core/plugin_host/http_client.h"

namespace stoker::plugin_host {
namespace {

using Sink = void (*)(void*, const stoker_http_response*);

void lend_reply(const HttpReply& reply, Sink sink, void* user) {
  std::vector<stoker_header> headers;
  headers.reserve(reply.answer.headers.size());
  for (const HttpField& field : reply.answer.headers) headers.push_back({lend(field.name), lend(field.value)});
  const std::string url = reply.url.text();
  stoker_http_response response{};
  response.struct_size = sizeof response;
  response.status = reply.answer.status;
  response.headers = headers.data();
  response.n_headers = headers.size();
  response.body = {reply.answer.body.data(), reply.answer.body.size()};
  response.final_url = lend(url);
  sink(user, &response);
}

// With the call in front, since a URL that is none can not say where it was meant to go.
HttpRequest requested(const stoker_call& call, const stoker_http_request* foreign) {
  try {
    return copy_request(foreign);
  } catch (const Error& error) {
    throw Error(error.fault, call.host.plugin() + ": " + call.doing + ": " + error.what(), error.hint, error.field);
  }
}

stoker_status send(stoker_call* call, const stoker_http_request* foreign, Sink sink, void* user) noexcept {
  return explained(*call, STOKER_HTTP, [&] {
    const AccountLink& account = account_of(*call, STOKER_HTTP);
    if (!account.http)
      throw Error(Fault::unsupported, "the account " + account.account + " has no way to the network",
                  "set it up again");
    if (sink == nullptr) throw Breach("the sink of send is null");
    const HttpCaller caller{call->host.plugin(), account.secrets.get(), call->wait,
                            [&](const std::string& line) { call->host.log(STOKER_LOG_DEBUG, line); }};
    lend_reply(account.http->send(requested(*call, foreign), caller), sink, user);
  });
}

}  // namespace

const stoker_http* http_service() {
  static const stoker_http table{sizeof(stoker_http), 0, send};
  return &table;
}

}  // namespace stoker::plugin_host
