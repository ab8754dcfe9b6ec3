#include <algorithm>

#include "core/private_file.h"
#include "sdk/check/heap.h"
#include "sdk/check/log_parser_group.h"
#include "sdk/check/log_reading.h"

namespace stoker::check {
namespace {

constexpr int kHeads = 64;
constexpr uint32_t kLineLimit = 64 << 10;
constexpr size_t kLongLine = 64 << 20, kMemoryOfALine = 8 << 20;

std::string in_log(const NamedLog& log, const plugin_host::RawEvent& event) {
  return "of the log \"" + log.name + "\": " + to_json(event);
}

// Bytes that end a line, or stand before its first: what an event's offsets may touch from outside.
bool is_line_end(char byte) { return byte == '\n' || byte == '\r'; }

void require_right_offsets(const NamedLog& log, const plugin_host::RawEvent& event) {
  if (event.first_byte > event.last_byte || event.last_byte >= log.bytes.size())
    throw Failed("the log has " + std::to_string(log.bytes.size()) +
                 " bytes, and first_byte and last_byte lie elsewhere " + in_log(log, event));
  if (event.first_byte > 0 && !is_line_end(log.bytes[event.first_byte - 1]) &&
      !is_line_end(log.bytes[event.first_byte]))
    throw Failed("first_byte is in the middle of a line " + in_log(log, event) +
                 "\nit is the offset of the first byte of the first line that was read");
  if (event.last_byte + 1 < log.bytes.size() && !is_line_end(log.bytes[event.last_byte + 1]) &&
      !is_line_end(log.bytes[event.last_byte]))
    throw Failed("last_byte is in the middle of a line " + in_log(log, event) +
                 "\nit is the offset of the last byte of the last line that was read, inclusive");
}

void offsets_point_at_lines(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const NamedLog& log : logs_of(subject))
    for (const auto& event : read_log(plugin, subject.id, log.bytes)) require_right_offsets(log, event);
  require_no_breach(plugin.host);
}

void require_sane(const NamedLog& log, const plugin_host::RawEvent& event) {
  const auto refuse = [&](const std::string& why) { throw Failed(why + " " + in_log(log, event)); };
  if (event.kind < STOKER_EVENT_RUN || event.kind > STOKER_EVENT_DIAGNOSIS) refuse("the kind does not exist");
  if (event.severity < STOKER_SEVERITY_NONE || event.severity > STOKER_SEVERITY_ERROR)
    refuse("the severity does not exist");
  if (event.kind == STOKER_EVENT_DIAGNOSIS && event.name.empty()) refuse("a diagnosis without a kind in `name`");
  if (event.kind == STOKER_EVENT_PHASE && event.name.empty()) refuse("a phase without a name");
  if (event.kind == STOKER_EVENT_METRIC && event.fields.empty()) refuse("a metric without a number");
  for (size_t i = 0; i < event.fields.size(); ++i) {
    const auto& key = event.fields[i].first;
    if (key.empty()) refuse("a field without a key");
    for (size_t other = 0; other < i; ++other)
      if (event.fields[other].first == key) refuse("the field `" + key + "` stands there twice");
  }
}

void events_are_sane(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const NamedLog& log : all_logs(subject))
    for (const auto& event : read_log(plugin, subject.id, log.bytes)) require_sane(log, event);
  require_no_breach(plugin.host);
}

// Each log with each of these pieces in each of its lines.
void read_with(const Subject& subject, const std::vector<std::string>& pieces) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const NamedLog& log : logs_of(subject))
    for (const std::string& piece : pieces) {
      const NamedLog spoilt{log.name + " with ill-formed pieces", with_in_each_line(log.bytes, piece)};
      for (const auto& event : read_log(plugin, subject.id, spoilt.bytes)) {
        require_sane(spoilt, event);
        if (event.first_byte > event.last_byte || event.last_byte >= spoilt.bytes.size())
          throw Failed("offsets lie outside the log " + in_log(spoilt, event));
      }
    }
  require_no_breach(plugin.host);
}

void nul_bytes(const Subject& subject) { read_with(subject, {std::string(1, '\0'), std::string(3, '\0')}); }
void bad_utf8(const Subject& subject) { read_with(subject, ill_formed_utf8()); }
void terminal_codes(const Subject& subject) { read_with(subject, escape_codes()); }

void long_line(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  StreamUnderTest stream(plugin, subject.id, 0, kLineLimit);
  const std::string chunk(kLineLimit, 'x');
  stream.push(chunk);
  const size_t before = heap_in_use();
  size_t most = before;
  for (size_t pushed = chunk.size(); pushed < kLongLine; pushed += chunk.size()) {
    stream.push(chunk);
    most = std::max(most, heap_in_use());
  }
  stream.finish();
  if (most > before + kMemoryOfALine)
    throw Failed("a line of 64 MiB without an end took " + std::to_string((most - before) >> 20) +
                 " MiB of memory; keep max_line_bytes of a line, and flag what is read of it STOKER_EVENT_TRUNCATED");
  require_no_breach(plugin.host);
}

void detect_in_range(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  const auto ask = [&](const std::string& head) {
    Loans loans;
    int32_t score = 0;
    plugin.host.bare_call("detect",
                          [&] { score = plugin.log_parsers()->detect(loans.c_text(subject.id), loans.bytes(head)); });
    return score;
  };
  for (const NamedLog& log : all_logs(subject)) {
    const size_t step = std::max<size_t>(1, log.bytes.size() / kHeads);
    for (size_t size = 0; size <= log.bytes.size(); size += step) {
      const std::string head = log.bytes.substr(0, size);
      const int32_t score = ask(head), again = ask(head);
      if (score < 0 || score > 100)
        throw Failed("detect gave " + std::to_string(score) + " for the first " + std::to_string(size) +
                     " bytes of the log \"" + log.name + "\"; it is 0 to 100");
      if (score != again)
        throw Failed("detect gave " + std::to_string(score) + " and then " + std::to_string(again) +
                     " for the same bytes; keep nothing between two calls");
    }
  }
  require_no_breach(plugin.host);
}

void sink_refusal(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  bool refused = false;
  for (const NamedLog& log : logs_of(subject)) {
    StreamUnderTest stream(plugin, subject.id);
    const auto [events, status] = stream.push_refused(log.bytes);
    if (events == 0) continue;
    refused = true;
    if (events > 1)
      throw Failed("the sink refused an event and was given " + std::to_string(events - 1) +
                   " more; return at once when it answers anything but STOKER_OK");
    if (status == STOKER_OK)
      throw Failed("the sink answered STOKER_E_CANCELLED and push ended with STOKER_OK; pass its answer on");
  }
  require_no_breach(plugin.host);
  if (!refused) throw Skipped("no log of the fixtures gave an event within push()");
}

void golden_events(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  int compared = 0;
  for (const auto& file : subject.logs) {
    const auto golden = golden_of(file);
    if (!std::filesystem::exists(golden)) continue;
    ++compared;
    const auto difference =
        first_differing_line(read_file(golden), to_json_lines(read_log(plugin, subject.id, read_file(file))));
    if (!difference.empty())
      throw Failed("the events of " + file.filename().string() + " are not those of " + golden.filename().string() +
                   ": " + difference + "\nwhere the new ones are right, write them with `stoker-plugin-check record`");
  }
  require_no_breach(plugin.host);
  if (compared == 0) throw Skipped("no log of the fixtures has a file NAME.events.jsonl beside it");
}

}  // namespace

std::vector<Test> log_event_tests() {
  const auto test = [](const char* name, const char* about, void (*run)(const Subject&)) {
    return Test{name, about, Kind::log_parser, run};
  };
  return {
      test("events-are-sane", "Each event is of a kind that exists and has what its kind needs, for any log.",
           events_are_sane),
      test("offsets-point-at-the-line",
           "first_byte and last_byte enclose whole lines, so that the agent can show where a number came from.",
           offsets_point_at_lines),
      test("golden-events", "Each NAME.log gives the events of NAME.events.jsonl, so that no change goes unseen.",
           golden_events),
      test("nul-bytes", "NUL bytes in lines are bytes like others, since a file that lost power is full of them.",
           nul_bytes),
      test("bad-utf8", "Ill-formed UTF-8 in lines gives events with well-formed texts, since they become JSON.",
           bad_utf8),
      test("terminal-codes", "Colours and cursor moves in lines do no harm, since progress bars are full of them.",
           terminal_codes),
      test("long-line", "A line of 64 MiB takes bounded memory, since one job must not take that of all.", long_line),
      test("detect-in-range", "detect gives 0 to 100 and the same for the same bytes, for it decides who reads a log.",
           detect_in_range),
      test("sink-refusal", "When the sink refuses an event, push returns at once with its answer, for the job is over.",
           sink_refusal),
  };
}

}  // namespace stoker::check
