// POST /chat/completions: a question to a trained model, answered by the server that its template starts on the machine
// that was kept for it.
#include <simdjson.h>

#include <atomic>
#include <cstring>

#include "core/api/openai/openai.h"
#include "core/api/problem.h"
#include "core/api/request_body.h"
#include "core/jobs/kept_model.h"
#include "core/plugin_host/http_head.h"
#include "core/store/fine_tunes.h"
#include "core/utf8.h"

namespace stoker::api::openai {
namespace {

constexpr int kMostAtOnce = 4;                // each holds a thread of the API
constexpr int64_t kAnswerMs = 10 * kMinute;   // of the whole answer; also for the server to start and load the model
constexpr size_t kMaxAnswerBytes = 16 << 20;  // of one that is not streamed
constexpr size_t kPiece = 16 * 1024;

// One of the chats that may go on at a time.
class Turn {
 public:
  Turn() {
    if (going().fetch_add(1) < kMostAtOnce) return;
    --going();
    throw Refused(429, "rate_limit_exceeded", "4 chats are being answered already", "try again in a moment");
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { --going(); }

 private:
  static std::atomic<int>& going() {
    static std::atomic<int> count{0};
    return count;
  }
};

struct Question {
  std::string model;
  bool stream = false;
};

Question read_question(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS)
    throw Refused(400, "invalid", "the body is not a JSON object");
  std::string_view model;
  if (object["model"].get(model) != simdjson::SUCCESS || model.empty())
    throw Refused(400, "missing_required_parameter", "model is missing", "give the fine_tuned_model of a job", "model");
  Question question{std::string(model)};
  simdjson::dom::element stream;
  if (object["stream"].get(stream) == simdjson::SUCCESS && !stream.is_null() &&
      stream.get(question.stream) != simdjson::SUCCESS)
    throw Refused(400, "invalid", "stream is neither true nor false", {}, "stream");
  return question;
}

std::string job_of_model(const ServerContext& context, const Request& request, const std::string& model) {
  const auto row = context.db.read([&](store::Connection& c) { return store::FineTunes(c).find_model(model); });
  if (!row || !request.caller.may_see(row->owner))
    throw Refused(404, "model_not_found", "there is no trained model " + to_utf8(model),
                  "give the fine_tuned_model of a job; GET /models lists them", "model");
  return row->job_id;
}

std::unique_ptr<remote::Stream> open_model(const ServerContext& context, const std::string& job_id,
                                           const std::string& model, const Wait& wait) {
  try {
    return context.kept_models->open(job_id, wait);
  } catch (const Error& error) {
    if (error.fault != Fault::conflict && error.fault != Fault::not_found) throw;
    throw Refused(400, "model_not_kept", "the model " + to_utf8(model) + " can not be asked: " + error.what(),
                  error.hint.empty() ? "train it with `after: {keep_idle_minutes: N}`" : error.hint, "model");
  }
}

// The answer of the model's server. It is asked in HTTP/1.0, so that its body is what comes until the end.
class Answer final : public Flow {
 public:
  Answer(std::unique_ptr<Turn> turn, std::unique_ptr<remote::Stream> stream, const std::string& body, Wait wait)
      : turn_(std::move(turn)), stream_(std::move(stream)), wait_(std::move(wait)) {
    stream_->write(
        "POST /v1/chat/completions HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Accept: application/json, text/event-stream\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body,
        wait_);
    read_head();
  }

  [[nodiscard]] int status() const { return head_.status; }
  [[nodiscard]] std::string content_type() const {
    const std::string* type = head_.find("Content-Type");
    return type ? *type : "application/json";
  }

  size_t read(char* buffer, size_t capacity) override {
    if (left_ == 0) return 0;
    capacity = static_cast<size_t>(std::min<int64_t>(left_, static_cast<int64_t>(capacity)));
    size_t n = std::min(capacity, came_.size());
    if (n > 0) {
      std::memcpy(buffer, came_.data(), n);
      came_.erase(0, n);
    } else {
      n = stream_->read(buffer, capacity, wait_);
      if (n == 0 && left_ != INT64_MAX) throw Error(Fault::unavailable, "the model's server broke off its answer");
    }
    if (left_ != INT64_MAX) left_ -= static_cast<int64_t>(n);
    return n;
  }

  [[nodiscard]] std::string read_all() {
    std::string text;
    char buffer[kPiece];
    while (const size_t n = read(buffer, sizeof buffer)) {
      text.append(buffer, n);
      if (text.size() > kMaxAnswerBytes)
        throw Refused(502, "bad_answer", "the model's server answered with more than 16 MiB");
    }
    return text;
  }

 private:
  void read_head() {
    try {
      size_t size = 0;
      while ((size = plugin_host::head_size(came_)) == 0) {
        char buffer[kPiece];
        const size_t n = stream_->read(buffer, sizeof buffer, wait_);
        if (n == 0) throw Refused(502, "bad_answer", "the model's server closed the connection without an answer");
        came_.append(buffer, n);
      }
      head_ = plugin_host::parse_head(std::string_view(came_).substr(0, size));
      came_.erase(0, size);
    } catch (const plugin_host::BadAnswer& bad) {
      throw Refused(502, "bad_answer", std::string("the model's server does not speak HTTP: it ") + bad.what());
    }
    if (head_.find("Transfer-Encoding"))
      throw Refused(502, "bad_answer", "the model's server answered HTTP/1.0 in chunks",
                    "mend the serve command of the template");
    if (const std::string* length = head_.find("Content-Length"))
      if (const auto count = parse_count(*length)) left_ = *count;
  }

  std::unique_ptr<Turn> turn_;
  std::unique_ptr<remote::Stream> stream_;
  Wait wait_;
  plugin_host::HttpHead head_;
  std::string came_;
  int64_t left_ = INT64_MAX;  // until the end of the connection
};

}  // namespace

Reply chat(const ServerContext& context, const Request& request) {
  const std::string body = read_body(request.body);
  const Question question = read_question(body);
  const std::string job_id = job_of_model(context, request, question.model);
  if (!context.kept_models) throw Refused(400, "unsupported", "this agent keeps no models");
  const Wait wait{context.closing, context.clock.mono_ms() + kAnswerMs};
  auto turn = std::make_unique<Turn>();  // before the model is waited for: that holds a thread too
  auto stream = open_model(context, job_id, question.model, wait);
  auto answer = std::make_unique<Answer>(std::move(turn), std::move(stream), body, wait);
  Reply reply;
  reply.status = answer->status();
  reply.content_type = answer->content_type();
  if (question.stream && reply.status == 200)
    reply.flow = std::move(answer);
  else
    reply.body = answer->read_all();
  return reply;
}

}  // namespace stoker::api::openai
