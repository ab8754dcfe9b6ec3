// A log parser as a class: derive from LogParser, offer it with stoker::log_parser<T>(descriptor, schema).
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string_view>

#include "../log_parser.h"
#include "config.hpp"

namespace stoker {

// One event; everything in it is borrowed and only has to live until the emit returns.
struct LogEvent {
  std::int32_t kind = 0;  // STOKER_EVENT_...
  std::int32_t severity = STOKER_SEVERITY_NONE;
  std::uint32_t flags = 0;
  std::int64_t time_ms = 0;
  std::uint64_t first_byte = 0, last_byte = 0;
  std::string_view name = {}, text = {};
  std::span<const stoker_field> fields = {};
};

// Where a parser's events go. Copies nothing.
class LogEmit {
 public:
  LogEmit(stoker_log_sink sink, void* user) noexcept : sink_(sink), user_(user) {}

  // Leaves push() or finish() by an exception of the layer's own when the host has had enough; let it pass.
  void operator()(const LogEvent& event) const {
    const stoker_log_event made = {.struct_size = sizeof(stoker_log_event),
                                   .kind = event.kind,
                                   .severity = event.severity,
                                   .flags = event.flags,
                                   .time_ms = event.time_ms,
                                   .first_byte = event.first_byte,
                                   .last_byte = event.last_byte,
                                   .name = str(event.name),
                                   .text = str(event.text),
                                   .fields = event.fields.data(),
                                   .n_fields = event.fields.size()};
    const stoker_status status = sink_(user_, &made);
    if (status != STOKER_OK) throw detail::Stopped{status};
  }

 private:
  stoker_log_sink sink_;
  void* user_;
};

// What open() says about the stream. Borrowed: copy what is kept.
struct StreamInfo {
  std::string_view source;
  std::uint64_t start_offset = 0;
  std::uint32_t max_line_bytes = STOKER_DEFAULT_MAX_LINE_BYTES;

  static StreamInfo from(const stoker_stream_info* info) noexcept {
    const auto known = read(info);
    return {view(known.source), known.start_offset,
            known.max_line_bytes == 0 ? STOKER_DEFAULT_MAX_LINE_BYTES : known.max_line_bytes};
  }
};

// The state of one stream. One thread at a time; streams share nothing that changes.
class LogParser {
 public:
  LogParser() = default;
  virtual ~LogParser() = default;
  LogParser(const LogParser&) = delete;
  LogParser& operator=(const LogParser&) = delete;

  // Takes all of `bytes`. The same bytes, split anywhere, must give the same events.
  virtual void push(std::string_view bytes, const LogEmit& emit) = 0;
  virtual void finish(std::int32_t why, const LogEmit& emit) = 0;  // STOKER_FINISH_...
};

// A class that can be offered: made from the stream and, where it has settings, from its configuration; `detect` says
// how likely a head of a log is its format, 0..100.
template <class T>
concept LogParserClass =
    std::derived_from<T, LogParser> &&
    (std::constructible_from<T, const StreamInfo&, const Config&> || std::constructible_from<T, const StreamInfo&>) &&
    requires(std::string_view head) {
      { T::detect(head) } -> std::convertible_to<int>;
    };

// One parser of a library; made by log_parser<T>().
struct LogParserEntry {
  stoker_descriptor descriptor;
  std::span<const ConfigField> schema;
  std::int32_t (*detect)(std::string_view head) noexcept;
  stoker_status (*open)(stoker_call*, const stoker_stream_info*, const stoker_field*, std::size_t,
                        stoker_log_stream**) noexcept;
};

namespace detail {

struct LogStream {
  stoker_log_stream table;  // first: the host holds a pointer to it
  std::unique_ptr<LogParser> parser;
};

inline LogParser& parser_of(stoker_log_stream* stream) noexcept {
  return *static_cast<LogStream*>(stream->self)->parser;
}

inline stoker_status push(stoker_log_stream* stream, stoker_bytes bytes, stoker_log_sink sink, void* user) noexcept {
  return guard(nullptr, [&] { parser_of(stream).push(view(bytes), LogEmit(sink, user)); });
}

inline stoker_status finish(stoker_log_stream* stream, std::int32_t why, stoker_log_sink sink, void* user) noexcept {
  return guard(nullptr, [&] { parser_of(stream).finish(why, LogEmit(sink, user)); });
}

inline void destroy(stoker_log_stream* stream) noexcept {
  if (stream != nullptr) delete static_cast<LogStream*>(stream->self);
}

template <class T>
stoker_status open(stoker_call* call, const stoker_stream_info* info, const stoker_field* config, std::size_t count,
                   stoker_log_stream** out) noexcept {
  *out = nullptr;
  return guard(call, [&] {
    const auto stream_info = StreamInfo::from(info);
    auto stream = std::make_unique<LogStream>();
    if constexpr (std::constructible_from<T, const StreamInfo&, const Config&>) {
      stream->parser = std::make_unique<T>(stream_info, Config(config, count));
    } else {
      stream->parser = std::make_unique<T>(stream_info);
    }
    stream->table = {sizeof(stoker_log_stream), 0, stream.get(), &push, &finish, &destroy};
    *out = &stream.release()->table;
  });
}

template <class T>
std::int32_t detect(std::string_view head) noexcept {
  std::int32_t likely = 0;
  guard(nullptr, [&] { likely = T::detect(head); });
  return std::clamp(likely, 0, 100);
}

}  // namespace detail

// Offers T as a parser; an argument of STOKER_PLUGIN. `schema` must be static data.
template <LogParserClass T>
constexpr LogParserEntry log_parser(const Descriptor& descriptor, std::span<const ConfigField> schema = {}) noexcept {
  return {descriptor.to_c(), schema, &detail::detect<T>, &detail::open<T>};
}

}  // namespace stoker
