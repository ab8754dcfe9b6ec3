#include "core/plugin_host/plugin_log_parser.h"

#include <algorithm>
#include <exception>

#include "core/error.h"
#include "core/plugin_host/call.h"
#include "core/plugin_host/foreign_value.h"
#include "core/plugin_host/raw_event.h"

namespace stoker::plugin_host {
namespace {

constexpr int64_t kOpenLimit = 5 * kSecond;
constexpr size_t kStreamSize = offsetof(stoker_log_stream, destroy) + sizeof(void*);

stoker_log_stream read_table(const stoker_log_stream* object) {
  stoker_log_stream table = copy_struct(object, "the stream table");
  if (table.struct_size < kStreamSize || table.push == nullptr || table.finish == nullptr || table.destroy == nullptr)
    throw Breach("its stream table is incomplete");
  return table;
}

// Hands events on. What the receiver throws passes around the plugin, not through it.
struct Delivery {
  const LogStream::Sink& sink;
  size_t left;
  std::exception_ptr thrown = nullptr;

  static stoker_status take(void* user, const stoker_log_event* foreign) noexcept {
    auto& self = *static_cast<Delivery*>(user);
    if (self.thrown) return STOKER_E_CANCELLED;
    try {
      if (self.left == 0) throw Breach("it sent more events than the bytes it was given can hold");
      --self.left;
      self.sink(copy_event(foreign));
      return STOKER_OK;
    } catch (...) {
      self.thrown = std::current_exception();
      return STOKER_E_CANCELLED;
    }
  }
};

class PluginLogStream final : public LogStream {
 public:
  PluginLogStream(const HostServices& host, std::string id, stoker_log_stream* object)
      : host_(host), id_(std::move(id)), object_(object), table_(read_table(object)) {}
  PluginLogStream(const PluginLogStream&) = delete;
  PluginLogStream& operator=(const PluginLogStream&) = delete;
  ~PluginLogStream() override {
    stoker_call context{host_, "destroy of a log stream", {}, std::nullopt};
    try {
      run_call(context, Fault::internal, [&](stoker_call*) { return table_.destroy(object_), STOKER_OK; });
    } catch (const Error& error) {
      host_.log(STOKER_LOG_ERROR, error.what());
    }
  }

  void push(std::string_view bytes, const Sink& sink) override {
    call("push", std::max(kMaxItems, bytes.size()), sink,
         [&](void* user) { return table_.push(object_, {bytes.data(), bytes.size()}, Delivery::take, user); });
  }
  void finish(int32_t why, const Sink& sink) override {
    call("finish", kMaxItems, sink, [&](void* user) { return table_.finish(object_, why, Delivery::take, user); });
  }

 private:
  void call(const char* doing, size_t max_events, const Sink& sink, const std::function<stoker_status(void*)>& body) {
    if (dead_)
      throw Error(Fault::internal, id_ + ": the log stream ended with an earlier failure", "open the log anew");
    dead_ = true;
    Delivery delivery{sink, max_events};
    stoker_call context{host_, doing, {}, std::nullopt};
    try {
      run_call(context, Fault::internal, [&](stoker_call*) { return body(&delivery); });
    } catch (const Error& error) {
      if (!delivery.thrown && error.fault == Fault::internal) throw;
      // A parser has no failure to report but its own: any status that is not OK breaks its contract.
      if (!delivery.thrown) throw breach_error(host_, doing, Fault::internal, error.what());
    }
    if (delivery.thrown) rethrow(doing, delivery.thrown);
    dead_ = false;
  }

  [[noreturn]] void rethrow(const char* doing, const std::exception_ptr& thrown) const {
    try {
      std::rethrow_exception(thrown);
    } catch (const Breach& breach) {
      throw breach_error(host_, doing, Fault::internal, breach.what());
    }
  }

  const HostServices& host_;
  std::string id_;
  stoker_log_stream* object_;
  stoker_log_stream table_;
  bool dead_ = false;
};

}  // namespace

int PluginLogParser::detect(std::string_view head) const {
  int32_t likely = 0;
  stoker_call context{host_, "detect", {}, std::nullopt};
  try {
    run_call(context, Fault::internal, [&](stoker_call*) {
      if (factory_.detect != nullptr) likely = factory_.detect(id_.c_str(), {head.data(), head.size()});
      return STOKER_OK;
    });
  } catch (const Error& error) {
    host_.log(STOKER_LOG_ERROR, error.what());
    return 0;
  }
  return std::clamp(likely, 0, 100);
}

std::unique_ptr<LogStream> PluginLogParser::open(uint64_t start_offset, const std::string& source) const {
  std::unique_ptr<LogStream> stream;
  stoker_stream_info info{};
  info.struct_size = sizeof info;
  info.source = lend(source);
  info.start_offset = start_offset;
  info.max_line_bytes = STOKER_DEFAULT_MAX_LINE_BYTES;
  const std::vector<stoker_field> fields = config_.fields();
  stoker_call context{host_, "open", {{}, host_.clock().mono_ms() + kOpenLimit}, std::nullopt};
  run_call(context, Fault::internal, [&](stoker_call* call) {
    stoker_log_stream* object = nullptr;
    const stoker_status status = factory_.open(call, id_.c_str(), &info, fields.data(), fields.size(), &object);
    if (status == STOKER_OK) stream = std::make_unique<PluginLogStream>(host_, id_, object);
    return status;
  });
  return stream;
}

}  // namespace stoker::plugin_host
