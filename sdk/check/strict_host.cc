#include "sdk/check/strict_host.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/host_glob.h"
#include "core/plugin_host/http_request.h"
#include "sdk/check/isolated.h"

namespace stoker::check {

using plugin_host::Breach;
using plugin_host::copy_struct;
using plugin_host::copy_text;

namespace {

constexpr int64_t kCallMs = 60'000;
constexpr int kMostQuestions = 10'000;
constexpr int kTries = 3;  // of a request that may be repeated
constexpr size_t kMostFields = 100;

int64_t real_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// What a stoker_call of this host points at. It stays readable after its end, so that a late use can be told.
struct StrictCall {
  StrictHost::Impl* host;
  std::string doing;
  std::thread::id thread;
  int64_t deadline_ms;
  bool live = true;
  int questions = 0;
  int64_t cancelled_at = -1;  // real time
  std::optional<plugin_host::Failure> failure;
};

struct StrictHost::Impl {
  explicit Impl(HostOptions given);

  // Null, and a breach, for a call that is over or was never made.
  StrictCall* in_call(const stoker_call* call, const char* function);
  [[nodiscard]] bool cancelled(StrictCall& call) const;
  // Counts a question; a status other than STOKER_OK is to be answered at once.
  stoker_status question(StrictCall& call);
  stoker_status explain(StrictCall& call, stoker_status status, const std::string& message);
  stoker_status send(StrictCall& call, const stoker_http_request* request,
                     void (*sink)(void*, const stoker_http_response*), void* user);
  stoker_status use(StrictCall& call, stoker_str key, void (*sink)(void*, stoker_bytes), void* user);
  HttpMessage message(StrictCall& call, const plugin_host::HttpRequest& request);
  void note(std::string sentence);
  void hear(std::string text);

  HostOptions options;
  Loans tables;  // for life
  const stoker_host* host = nullptr;
  const stoker_http* http = nullptr;
  const stoker_secrets* secrets = nullptr;
  std::deque<StrictCall> calls;
  std::vector<std::string> breaches, said;
  std::vector<HttpMessage> requests;
  int questions = 0;
  int64_t mono_ms = 1'000'000;
  std::mutex mutex;  // of breaches and said: a plugin may log on any thread
};

namespace {

// Every host there is, and every call: what comes from a plugin is looked up and never trusted.
std::set<StrictHost::Impl*> all_hosts;
StrictHost::Impl* last_host = nullptr;

StrictHost::Impl* host_of(const stoker_host* table, const char* function) {
  for (auto* one : all_hosts)
    if (one->host == table) return one;
  if (last_host != nullptr) last_host->note(std::string(function) + " was called with a host that is none");
  return last_host;
}

StrictCall* call_of(const stoker_call* call, const char* function) {
  for (auto* one : all_hosts)
    for (StrictCall& known : one->calls)
      if (reinterpret_cast<const stoker_call*>(&known) == call) return one->in_call(call, function);
  if (last_host != nullptr) last_host->note(std::string(function) + " was called with a stoker_call that is none");
  return nullptr;
}

std::string shown(const plugin_host::FieldValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* real = std::get_if<double>(&value)) return std::to_string(*real);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::to_string(std::get<int64_t>(value));
}

void log_line(const stoker_host* table, const stoker_call* call, int32_t level, stoker_str message,
              const stoker_field* fields, size_t n) noexcept {
  auto* host = host_of(table, "log");
  if (host == nullptr) return;
  if (call != nullptr) (void)call_of(call, "log");
  if (level < STOKER_LOG_DEBUG || level > STOKER_LOG_ERROR)
    host->note("log was called with level " + std::to_string(level) + ", which does not exist");
  try {
    std::string line = copy_text(message, "a log message");
    if (n > kMostFields) throw Breach("a log line has " + std::to_string(n) + " fields");
    for (size_t i = 0; i < n; ++i)
      line += " " + copy_text(fields[i].key, "a field's key") + "=" +
              shown(plugin_host::copy_value(fields[i].value, "a field"));
    host->hear(std::move(line));
  } catch (const std::exception& error) {
    host->note(std::string("log: ") + error.what());
  }
}

const void* get_service(const stoker_host* table, const char* id) noexcept {
  auto* host = host_of(table, "get_service");
  if (host == nullptr || id == nullptr) return nullptr;
  if (std::string_view(id) == STOKER_HTTP && host->options.network != nullptr) return host->http;
  if (std::string_view(id) == STOKER_SECRETS) return host->secrets;
  return nullptr;
}

stoker_status fail(stoker_call* call, const stoker_failure* foreign) noexcept {
  StrictCall* known = call_of(call, "fail");
  if (known == nullptr) return STOKER_E_INTERNAL;
  try {
    const stoker_failure from = copy_struct(foreign, "failure");
    plugin_host::Failure copy;
    copy.status = from.status;
    copy.message = copy_text(from.message, "failure message");
    copy.hint = copy_text(from.hint, "failure hint");
    copy.config_key = copy_text(from.config_key, "failure config_key");
    copy.provider_code = copy_text(from.provider_code, "failure provider_code");
    copy.retry_after_ms = from.retry_after_ms;
    for (const std::string* text : {&copy.message, &copy.hint, &copy.config_key, &copy.provider_code})
      if (!text->empty()) known->host->hear(*text);
    known->failure = std::move(copy);
    return from.status;
  } catch (const std::exception& error) {
    known->host->note("fail: " + std::string(error.what()));
    return STOKER_E_INTERNAL;
  }
}

stoker_status sleep_ms(stoker_call* call, int64_t ms) noexcept {
  StrictCall* known = call_of(call, "sleep_ms");
  if (known == nullptr) return STOKER_E_INTERNAL;
  StrictHost::Impl& host = *known->host;
  if (const stoker_status status = host.question(*known); status != STOKER_OK) return status;
  if (ms > 0) host.mono_ms += std::min<int64_t>(ms, std::max<int64_t>(known->deadline_ms - host.mono_ms, 0));
  return host.mono_ms >= known->deadline_ms ? STOKER_E_DEADLINE : STOKER_OK;
}

stoker_status send(stoker_call* call, const stoker_http_request* request,
                   void (*sink)(void*, const stoker_http_response*), void* user) noexcept {
  StrictCall* known = call_of(call, "send");
  return known == nullptr ? STOKER_E_INTERNAL : known->host->send(*known, request, sink, user);
}

stoker_status use(stoker_call* call, stoker_str key, void (*sink)(void*, stoker_bytes), void* user) noexcept {
  StrictCall* known = call_of(call, "use");
  return known == nullptr ? STOKER_E_INTERNAL : known->host->use(*known, key, sink, user);
}

stoker_host host_table(const HostOptions& options, Loans& loans) {
  stoker_host table{};
  table.struct_size = options.table_size;
  table.abi_major = STOKER_ABI_MAJOR;
  table.abi_minor = options.abi_minor;
  table.name = loans.text("stoker-plugin-check");
  table.version = loans.text(STOKER_SDK_VERSION);
  table.log = log_line;
  table.wall_ms = [](const stoker_host* host) noexcept -> int64_t {
    const auto* known = host_of(host, "wall_ms");
    return known == nullptr ? 0 : known->options.time_ms + known->mono_ms;
  };
  table.mono_ms = [](const stoker_host* host) noexcept -> int64_t {
    const auto* known = host_of(host, "mono_ms");
    return known == nullptr ? 0 : known->mono_ms;
  };
  table.get_service = get_service;
  table.fail = fail;
  table.cancelled = [](const stoker_call* call) noexcept -> int32_t {
    StrictCall* known = call_of(call, "cancelled");
    return known == nullptr || known->host->cancelled(*known) ? 1 : 0;
  };
  table.deadline_mono_ms = [](const stoker_call* call) noexcept -> int64_t {
    const StrictCall* known = call_of(call, "deadline_mono_ms");
    return known == nullptr ? 0 : known->deadline_ms;
  };
  table.sleep_ms = sleep_ms;
  return table;
}

}  // namespace

StrictHost::Impl::Impl(HostOptions given) : options(std::move(given)) {
  const stoker_host table = host_table(options, tables);
  host = tables.object(table, options.table_size);
  const stoker_http http_table{sizeof(stoker_http), 0, check::send};
  http = tables.object(http_table);
  const stoker_secrets secrets_table{sizeof(stoker_secrets), 0, check::use};
  secrets = tables.object(secrets_table);
}

void StrictHost::Impl::note(std::string sentence) {
  const std::lock_guard lock(mutex);
  if (std::find(breaches.begin(), breaches.end(), sentence) == breaches.end()) breaches.push_back(std::move(sentence));
}

void StrictHost::Impl::hear(std::string text) {
  const std::lock_guard lock(mutex);
  said.push_back(std::move(text));
}

StrictCall* StrictHost::Impl::in_call(const stoker_call* call, const char* function) {
  auto& known = *reinterpret_cast<StrictCall*>(const_cast<stoker_call*>(call));
  if (!known.live) {
    note(std::string(function) + " was called with the stoker_call of " + known.doing +
         " after that had returned; a stoker_call lives for its call only");
    return nullptr;
  }
  if (known.thread != std::this_thread::get_id()) {
    note(std::string(function) + " was called on another thread than " + known.doing +
         "; a plugin uses its stoker_call on the thread of the call and starts none");
    return nullptr;
  }
  return &known;
}

bool StrictHost::Impl::cancelled(StrictCall& call) const {
  if (options.cancel_at > 0 && questions >= options.cancel_at && call.cancelled_at < 0) call.cancelled_at = real_ms();
  return call.cancelled_at >= 0 || mono_ms >= call.deadline_ms;
}

stoker_status StrictHost::Impl::question(StrictCall& call) {
  ++questions;
  if (++call.questions > kMostQuestions) {
    note(call.doing + " asked the host " + std::to_string(kMostQuestions) + " times in one call");
    return STOKER_E_DEADLINE;
  }
  if (cancelled(call)) return call.cancelled_at >= 0 ? STOKER_E_CANCELLED : STOKER_E_DEADLINE;
  if (options.fault.at == questions && !options.fault.after)
    return explain(call, options.fault.status, "the kit made this question to the host fail");
  return STOKER_OK;
}

stoker_status StrictHost::Impl::explain(StrictCall& call, stoker_status status, const std::string& message) {
  call.failure = plugin_host::Failure{status, message, {}, {}, {}, -1};
  return status;
}

HttpMessage StrictHost::Impl::message(StrictCall& call, const plugin_host::HttpRequest& request) {
  const auto allowed = [&](const std::string& glob) { return plugin_host::matches_host(glob, request.url.host); };
  if (std::none_of(options.allowed_hosts.begin(), options.allowed_hosts.end(), allowed))
    throw Breach(call.doing + " wants to talk to " + request.url.host +
                 ", which allowed_hosts of its descriptor does not name");
  HttpMessage message{request.method, request.url.text(), {}, {}, std::string(request.body), request.retry};
  for (const auto& field : request.headers) message.headers.emplace_back(field.name, field.value);
  for (const auto& secret : request.secrets) {
    const auto found = options.secrets.find(secret.key);
    if (found == options.secrets.end())
      throw Breach(call.doing + " names the secret `" + secret.key + "`, which its set-up does not ask for");
    message.secrets.emplace_back(secret.name, secret.prefix + found->second);
  }
  return message;
}

stoker_status StrictHost::Impl::send(StrictCall& call, const stoker_http_request* request,
                                     void (*sink)(void*, const stoker_http_response*), void* user) {
  if (const stoker_status status = question(call); status != STOKER_OK) return status;
  const int here = questions;
  try {
    if (sink == nullptr) throw Breach("the sink of send is null");
    const HttpMessage asked = message(call, plugin_host::copy_request(request));
    requests.push_back(asked);
    HttpReply reply = options.network->answer(asked);
    for (int tries = 1; reply.lost && asked.retry == STOKER_RETRY_ALWAYS && tries < kTries; ++tries)
      reply = options.network->answer(asked);
    if (options.fault.at == here) return explain(call, options.fault.status, "the kit lost the answer");
    if (reply.lost)
      return explain(call, asked.retry == STOKER_RETRY_ALWAYS ? STOKER_E_UNAVAILABLE : STOKER_E_UNKNOWN_OUTCOME,
                     "the connection was lost after the request had left");
    Loans loans;
    std::vector<stoker_header> headers;
    for (const auto& [name, value] : reply.headers) headers.push_back({loans.text(name), loans.text(value)});
    stoker_http_response response{};
    response.struct_size = sizeof response;
    response.status = reply.status;
    response.headers = loans.array(headers);
    response.n_headers = headers.size();
    response.body = loans.bytes(reply.body);
    response.final_url = loans.text(asked.url);
    sink(user, loans.object(response));
    return STOKER_OK;
  } catch (const Breach& breach) {
    note(breach.what());
    return explain(call, STOKER_E_INTERNAL, breach.what());
  } catch (const Error& error) {
    return explain(call, static_cast<stoker_status>(error.fault), error.what());
  }
}

stoker_status StrictHost::Impl::use(StrictCall& call, stoker_str key, void (*sink)(void*, stoker_bytes), void* user) {
  if (const stoker_status status = question(call); status != STOKER_OK) return status;
  try {
    const std::string name = copy_text(key, "the key of a secret");
    const auto found = options.secrets.find(name);
    if (sink == nullptr) throw Breach("the sink of use is null");
    if (found == options.secrets.end())
      throw Breach(call.doing + " asks for the secret `" + name + "`, which its set-up does not ask for");
    Loans loans;
    sink(user, loans.bytes(found->second));
    return STOKER_OK;
  } catch (const Breach& breach) {
    note(breach.what());
    return explain(call, STOKER_E_INTERNAL, breach.what());
  }
}

std::string HttpMessage::header(std::string_view name) const {
  for (const auto* list : {&headers, &secrets})
    for (const auto& [key, value] : *list)
      if (plugin_host::same_name(key, name)) return value;
  return {};
}

StrictHost::StrictHost(HostOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  all_hosts.insert(impl_.get());
  last_host = impl_.get();
}

StrictHost::~StrictHost() {
  all_hosts.erase(impl_.get());
  last_host = all_hosts.empty() ? nullptr : *all_hosts.begin();
}

const stoker_host* StrictHost::table() const { return impl_->host; }
HostOptions& StrictHost::options() { return impl_->options; }
const std::vector<std::string>& StrictHost::breaches() const { return impl_->breaches; }
void StrictHost::breach(const std::string& sentence) { impl_->note(sentence); }
const std::vector<std::string>& StrictHost::said() const { return impl_->said; }
const std::vector<HttpMessage>& StrictHost::requests() const { return impl_->requests; }
int StrictHost::questions() const { return impl_->questions; }

CallEnd StrictHost::call(const std::string& doing, const std::function<stoker_status(stoker_call*)>& body) {
  StrictCall& call = impl_->calls.emplace_back(
      StrictCall{impl_.get(), doing, std::this_thread::get_id(), impl_->mono_ms + kCallMs, true, 0, -1, {}});
  CallEnd end;
  now_doing(doing);
  try {
    end.status = body(reinterpret_cast<stoker_call*>(&call));
    if (end.status < STOKER_OK || end.status > STOKER_E_UNKNOWN_OUTCOME)
      breach(doing + " returned " + status_name(end.status));
    else if (end.status == STOKER_E_CANCELLED && call.cancelled_at < 0)
      breach(doing + " says it was cancelled, but nobody asked it to");
  } catch (const std::exception& error) {
    breach("an exception left " + doing + ": " + error.what());
    end.status = STOKER_E_INTERNAL;
  } catch (...) {
    breach("an exception left " + doing + " that is no std::exception");
    end.status = STOKER_E_INTERNAL;
  }
  now_doing({});
  call.live = false;
  if (call.cancelled_at >= 0) end.told_to_stop_ms_ago = real_ms() - call.cancelled_at;
  if (!end.ok() && call.failure && call.failure->status == end.status) end.failure = call.failure;
  return end;
}

void StrictHost::bare_call(const std::string& doing, const std::function<void()>& body) {
  now_doing(doing);
  try {
    body();
  } catch (const std::exception& error) {
    breach("an exception left " + doing + ": " + error.what());
  } catch (...) {
    breach("an exception left " + doing + " that is no std::exception");
  }
}

std::string status_name(stoker_status status) {
  static constexpr const char* kNames[] = {"STOKER_OK",
                                           "STOKER_E_CANCELLED",
                                           "STOKER_E_DEADLINE",
                                           "STOKER_E_INVALID",
                                           "STOKER_E_UNSUPPORTED",
                                           "STOKER_E_INTERNAL",
                                           "STOKER_E_AUTH",
                                           "STOKER_E_FORBIDDEN",
                                           "STOKER_E_QUOTA",
                                           "STOKER_E_NOT_FOUND",
                                           "STOKER_E_CONFLICT",
                                           "STOKER_E_NO_CAPACITY",
                                           "STOKER_E_RATE_LIMITED",
                                           "STOKER_E_UNAVAILABLE",
                                           "STOKER_E_UNKNOWN_OUTCOME"};
  if (status < 0 || status > STOKER_E_UNKNOWN_OUTCOME) return "the unknown status " + std::to_string(status);
  return kNames[status];
}

std::string CallEnd::words() const {
  return status_name(status) + (failure && !failure->message.empty() ? " (" + failure->message + ")" : "");
}

}  // namespace stoker::check
