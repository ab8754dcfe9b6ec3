#include "sdk/check/log_reading.h"

#include <algorithm>
#include <exception>
#include <random>

#include "sdk/check/test.h"

namespace stoker::check {
namespace {

constexpr size_t kLongestRandomChunk = 200;

// Hands events on. What the receiver throws passes around the plugin, not through it.
struct Delivery {
  const RawStream::Sink& sink;
  std::exception_ptr thrown = nullptr;

  static stoker_status take(void* user, const stoker_log_event* event) noexcept {
    auto& self = *static_cast<Delivery*>(user);
    if (self.thrown) return STOKER_E_CANCELLED;
    try {
      return self.sink(event);
    } catch (...) {
      self.thrown = std::current_exception();
      return STOKER_E_CANCELLED;
    }
  }
};

}  // namespace

std::string Chunks::words() const {
  if (kind == Kind::whole) return "in one piece";
  if (kind == Kind::random) return "in random chunks (seed " + std::to_string(number) + ")";
  return "in chunks of " + std::to_string(number) + (number == 1 ? " byte" : " bytes");
}

void cut(std::string_view bytes, Chunks chunks, const std::function<void(std::string_view)>& push) {
  std::mt19937_64 random(chunks.number);
  if (chunks.kind == Chunks::Kind::whole && bytes.empty()) return push(bytes);
  while (!bytes.empty()) {
    size_t size = bytes.size();
    if (chunks.kind == Chunks::Kind::equal) size = chunks.number;
    if (chunks.kind == Chunks::Kind::random) size = random() % kLongestRandomChunk;  // an empty push is legal
    push(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
}

Events read_log(LoadedPlugin& plugin, const std::string& id, std::string_view bytes, Chunks chunks,
                uint64_t start_offset) {
  StreamUnderTest stream(plugin, id, start_offset);
  cut(bytes, chunks, [&](std::string_view chunk) { stream.push(chunk); });
  stream.finish();
  return stream.events();
}

RawStream::RawStream(LoadedPlugin& plugin, const std::string& id, uint64_t start_offset, uint32_t max_line_bytes,
                     std::string about)
    : plugin_(plugin), about_(std::move(about)) {
  stoker_stream_info info{};
  info.struct_size = sizeof info;
  info.start_offset = start_offset;
  info.max_line_bytes = max_line_bytes;
  const plugin_host::PluginConfig config(id, plugin.schema(id), {});
  const auto fields = config.fields();
  const CallEnd end = plugin.host.call("open" + about_, [&](stoker_call* call) {
    return plugin.log_parsers()->open(call, id.c_str(), &info, fields.data(), fields.size(), &object_);
  });
  if (!end.ok()) throw Failed("open ended with " + end.words());
  if (object_ == nullptr) throw Failed("open ended with STOKER_OK and made nothing");
}

RawStream::~RawStream() {
  if (object_ != nullptr) plugin_.host.bare_call("destroy" + about_, [&] { object_->destroy(object_); });
}

stoker_status RawStream::push(std::string_view bytes, const Sink& sink) {
  Delivery delivery{sink};
  stoker_status status = STOKER_E_INTERNAL;
  plugin_.host.bare_call("push" + about_, [&] {
    status = object_->push(object_, {bytes.data(), bytes.size()}, Delivery::take, &delivery);
  });
  if (delivery.thrown) std::rethrow_exception(delivery.thrown);
  return status;
}

stoker_status RawStream::finish(int32_t why, const Sink& sink) {
  Delivery delivery{sink};
  stoker_status status = STOKER_E_INTERNAL;
  plugin_.host.bare_call("finish" + about_, [&] { status = object_->finish(object_, why, Delivery::take, &delivery); });
  if (delivery.thrown) std::rethrow_exception(delivery.thrown);
  return status;
}

}  // namespace stoker::check
