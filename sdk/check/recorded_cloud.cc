#include "sdk/check/recorded_cloud.h"

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "core/plugin_host/http_client.h"
#include "core/utf8.h"
#include "sdk/check/tour.h"
#include "sdk/include/stoker/cpp/json.hpp"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::check {
namespace {

constexpr int64_t kRequestMs = 60'000;
constexpr char kNobody[] = "ffffffffffffffffffffffffffffffff";  // an owner who has nothing

struct Recorded {
  std::string key;  // "GET /types?page=1"
  HttpReply reply;
};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string quoted(const std::string& text) { return JsonWriter().text(to_utf8(text)).str(); }

bool is_json(const std::string& text) {
  try {
    return Json::parse(text, "an answer", STOKER_E_INVALID).exists();
  } catch (const Failure&) {
    return false;
  }
}

// Passes requests on to the cloud and keeps the first answer to each.
class Recorder final : public Network {
 public:
  Recorder(const RecordOptions& options, const stoker_descriptor& descriptor)
      : secrets_(options.secrets),
        transport_({options.endpoints, {}, "stoker-plugin-check/" STOKER_SDK_VERSION, {}}, clock_),
        client_(transport_, {"*"}, {descriptor.request_interval_ms, std::max(descriptor.request_burst, 1U)}) {}

  HttpReply answer(const HttpMessage& asked) override {
    plugin_host::HttpRequest request;
    request.method = asked.method;
    request.url = plugin_host::parse_url(asked.url);
    request.body = asked.body;
    request.retry = asked.retry;
    for (const auto* list : {&asked.headers, &asked.secrets})
      for (const auto& [name, value] : *list) request.headers.push_back({name, value});
    const auto came = client_.send(std::move(request), {"stoker-plugin-check", nullptr, wait(), {}});
    HttpReply reply{came.answer.status, {}, came.answer.body};
    for (const auto& field : came.answer.headers) reply.headers.emplace_back(field.name, field.value);
    keep(asked, reply);
    return reply;
  }

  [[nodiscard]] std::string yaml() const {
    std::string text =
        "# Written by `stoker-plugin-check record`: what the cloud answered, its secrets replaced. Look it through "
        "before you\n"
        "# share it, shorten it, and put in what makes, shows and removes machines.\n";
    text += "base: " + quoted(base_) + "\n" + auth_ + "routes:\n";
    for (const Recorded& one : recorded_) {
      text += "  " + quoted(one.key) + ": {status: " + std::to_string(one.reply.status);
      for (const auto& [name, value] : one.reply.headers)
        if (upper(name) == "RETRY-AFTER") text += ", headers: {" + quoted(name) + ": " + quoted(masked(value)) + "}";
      if (!one.reply.body.empty())
        text +=
            ", body: " + (is_json(one.reply.body) ? one_line(masked(one.reply.body)) : quoted(masked(one.reply.body)));
      text += "}\n";
    }
    return text;
  }

 private:
  [[nodiscard]] Wait wait() const { return {{}, clock_.mono_ms() + kRequestMs}; }

  [[nodiscard]] std::string masked(std::string text) const {
    for (const auto& [key, secret] : secrets_)
      for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos;)
        text.replace(at, secret.size(), "{secret." + key + "}");
    return text;
  }
  // JSON that spans lines is no YAML within a line.
  static std::string one_line(std::string json) {
    std::replace_if(json.begin(), json.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return json;
  }

  void keep(const HttpMessage& asked, const HttpReply& reply) {
    const auto url = plugin_host::parse_url(asked.url);
    if (base_.empty()) base_ = url.origin();
    if (auth_.empty() && !asked.secrets.empty())
      auth_ = "auth: {header: " + quoted(asked.secrets.front().first) +
              ", value: " + quoted(masked(asked.secrets.front().second)) + "}\n";
    if (url.origin() != base_) return;
    const std::string key = asked.method + " " + masked(url.target);
    if (std::none_of(recorded_.begin(), recorded_.end(), [&](const Recorded& one) { return one.key == key; }))
      recorded_.push_back({key, reply});
  }

  const std::map<std::string, std::string> secrets_;
  SystemClock clock_;
  plugin_host::HttpTransport transport_;
  plugin_host::HttpClient client_;
  std::string base_, auth_;
  std::vector<Recorded> recorded_;
};

void need_secrets(const std::vector<plugin_host::ConfigField>& schema, const RecordOptions& options) {
  for (const auto& field : schema)
    if (field.secret() && (field.flags & STOKER_FIELD_REQUIRED) != 0 && !options.secrets.contains(field.key))
      throw Error(Fault::invalid, "the secret `" + field.key + "` is not given",
                  "put it into the environment, as STOKER_CHECK_" + upper(field.key));
}

}  // namespace

void record_cloud(const Subject& subject, const RecordOptions& options, const std::filesystem::path& file) {
  std::unique_ptr<Recorder> recorder;
  {
    LoadedPlugin plugin(subject.plugin, {});
    need_secrets(plugin.schema(subject.id), options);
    recorder = std::make_unique<Recorder>(options, plugin.descriptor(subject.id));
  }
  HostOptions host;
  host.network = recorder.get();
  host.secrets = options.secrets;
  Stage stage(subject, std::move(host));
  const auto provider = stage.make(subject.id);
  const auto require = [](const CallEnd& end, const char* call) {
    if (!end.ok()) throw Failed(std::string(call) + " ended with " + end.words());
  };
  require(provider->validate().end, "validate");
  require(provider->list_offers().end, "list_offers");
  require(provider->find(kNobody).end, "find");
  require_no_breach(stage.host());
  std::ofstream out(file, std::ios::binary);
  out << recorder->yaml();
  out.close();
  if (!out) throw Error(Fault::unavailable, "can not write " + file.string());
}

}  // namespace stoker::check
