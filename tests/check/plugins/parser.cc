// A log parser of lines "step=10 loss=1.25" that is right but for the one fault its build names, and wholly right where
// it names none.
#include <stoker/cpp/log_lines.hpp>
#include <stoker/cpp/plugin.hpp>

namespace {

using namespace stoker;

constexpr std::string_view kFault = STOKER_FAULT;
constexpr bool is(std::string_view fault) { return kFault == fault; }

template <class T>
bool number(std::string_view text, std::string_view key, T& value) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return false;
  const char* begin = text.data() + at + key.size();
  return std::from_chars(begin, text.data() + text.size(), value).ec == std::errc{};
}

class Steps final : public LogParser {
 public:
  explicit Steps(const StreamInfo& info) : lines_(info.start_offset, info.max_line_bytes) {}

  static int detect(std::string_view head) { return head.find("step=") == std::string_view::npos ? 0 : 60; }

  void push(std::string_view bytes, const LogEmit& emit) override {
    if constexpr (is("reads-chunks")) {
      LogLines whole(0, 0);  // forgets what the last chunk began
      whole.push(bytes, [&](const LogLine& line) { read(line, emit); });
      return;
    }
    lines_.push(bytes, [&](const LogLine& line) { read(line, emit); });
  }
  void finish(std::int32_t, const LogEmit& emit) override {
    if constexpr (is("loses-the-last-line")) return;
    lines_.finish([&](const LogLine& line) { read(line, emit); });
  }

 private:
  void read(const LogLine& line, const LogEmit& emit) {
    std::int64_t step = 0;
    double loss = 0;
    if (!number(line.text, "step=", step) || !number(line.text, "loss=", loss)) return;
    std::int64_t& count = is("shares-its-state") ? shared : count_;
    if (is("shares-its-state") && ++count > 1) step = count;
    const stoker_field fields[] = {field("step", step), field("loss", loss)};
    LogEvent event{.kind = STOKER_EVENT_METRIC, .first_byte = line.first_byte, .last_byte = line.last_byte};
    if (line.truncated) event.flags = STOKER_EVENT_TRUNCATED;
    event.fields = fields;
    emit(event);
  }

  inline static std::int64_t shared = 0;
  std::int64_t count_ = 0;
  LogLines lines_;
};

constexpr Descriptor kDescriptor{.id = STOKER_FAULT, .name = "Steps", .summary = "step=10 loss=1.25"};

}  // namespace

STOKER_PLUGIN(STOKER_FAULT, "1.0.0", stoker::log_parser<Steps>(kDescriptor))
