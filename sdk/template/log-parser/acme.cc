// The training logs of one framework, for Stoker. Read the lines of yours where this reads Acme's, and put real logs
// into fixtures/logs: `ctest` then says what is still wrong, and why it matters.
#include <charconv>
#include <stoker/cpp/log_lines.hpp>
#include <stoker/cpp/plugin.hpp>

namespace {

using namespace stoker;

// The number after `key`: "loss=" in "step=10 loss=1.25".
template <class T>
bool number_after(std::string_view key, std::string_view line, T& value) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = line.substr(at + key.size());
  return std::from_chars(rest.data(), rest.data() + rest.size(), value).ec == std::errc{};
}

class Acme final : public LogParser {
 public:
  explicit Acme(const StreamInfo& info) : lines_(info.start_offset, info.max_line_bytes) {}

  // How likely the beginning of a log is one of these: 0 to 100.
  static int detect(std::string_view head) { return head.find("acme-train ") == std::string_view::npos ? 0 : 80; }

  void push(std::string_view bytes, const LogEmit& emit) override {
    lines_.push(bytes, [&](const LogLine& line) { read(line, emit); });
  }
  void finish(std::int32_t, const LogEmit& emit) override {
    lines_.finish([&](const LogLine& line) { read(line, emit); });
  }

 private:
  static void read(const LogLine& line, const LogEmit& emit) {
    std::int64_t step = 0;
    double loss = 0;
    if (!number_after("step=", line.text, step) || !number_after("loss=", line.text, loss)) return;
    const stoker_field fields[] = {field("step", step), field("loss", loss)};
    emit({.kind = STOKER_EVENT_METRIC,
          .flags = line.truncated ? std::uint32_t{STOKER_EVENT_TRUNCATED} : 0U,
          .first_byte = line.first_byte,
          .last_byte = line.last_byte,
          .fields = fields});
  }

  LogLines lines_;
};

constexpr Descriptor kDescriptor{.id = "acme", .name = "Acme", .summary = "logs of acme-train"};

}  // namespace

STOKER_PLUGIN("acme", "0.1.0", stoker::log_parser<Acme>(kDescriptor))
