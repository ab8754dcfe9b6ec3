#include "sdk/check/log_parser_group.h"
#include "sdk/check/log_reading.h"

namespace stoker::check {
namespace {

constexpr size_t kReadInBits = 2 << 10;  // of a log, in chunks of a few bytes; the rest in random ones
constexpr uint64_t kSmallChunks[] = {1, 2, 3, 5, 7};
constexpr uint64_t kLargeChunk = 64 << 10;
constexpr uint64_t kSeeds = 3;
constexpr uint64_t kFarOffset = 1ULL << 40;

void need_same(LoadedPlugin& plugin, const std::string& id, const NamedLog& log, std::string_view bytes,
               const Events& whole, Chunks chunks) {
  const auto difference = first_difference("in one piece", whole, chunks.words(), read_log(plugin, id, bytes, chunks));
  if (!difference.empty())
    throw Failed("the log \"" + log.name + "\" read " + chunks.words() + " gives other events: " + difference +
                 "\na chunk ends anywhere, in the middle of a line too: keep what has no end yet (stoker::LogLines "
                 "does)");
}

void any_chunking(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& log : all_logs(subject)) {
    const auto begin = std::string_view(log.bytes).substr(0, kReadInBits);
    const Events of_begin = read_log(plugin, subject.id, begin);
    for (const uint64_t size : kSmallChunks)
      need_same(plugin, subject.id, log, begin, of_begin, {Chunks::Kind::equal, size});
    const Events whole = read_log(plugin, subject.id, log.bytes);
    need_same(plugin, subject.id, log, log.bytes, whole, {Chunks::Kind::equal, kLargeChunk});
    for (uint64_t seed = 1; seed <= kSeeds; ++seed)
      need_same(plugin, subject.id, log, log.bytes, whole, {Chunks::Kind::random, seed});
  }
  require_no_breach(plugin.host);
}

// The log up to the end of its last line that says something, without that end.
std::string without_last_end(std::string bytes) {
  bytes.resize(bytes.find_last_not_of("\r\n") + 1);
  return bytes;
}

void finish_without_newline(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& log : logs_of(subject)) {
    const std::string cut_off = without_last_end(log.bytes);
    // Each line is the last one once. Many lines: some of them.
    const size_t stride = std::max<size_t>(1, cut_off.size() / 100);
    for (size_t end = cut_off.size(); end > 0;
         end = end > stride + 1 ? cut_off.find_last_of('\n', end - stride - 1) + 1 : 0) {
      const std::string ended = without_last_end(cut_off.substr(0, end));
      if (ended.empty()) break;
      const auto difference = first_difference("with its end", read_log(plugin, subject.id, ended + "\n"), "without",
                                               read_log(plugin, subject.id, ended));
      if (!difference.empty())
        throw Failed("the log \"" + log.name + "\" up to byte " + std::to_string(ended.size()) +
                     " gives other events without its last line end: " + difference +
                     "\nread in finish() what a last line without an end still holds");
    }
  }
  require_no_breach(plugin.host);
}

std::string with_crlf(std::string_view bytes) {
  std::string all;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')) all += '\r';
    all += bytes[i];
  }
  return all;
}

void crlf_is_lf(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& log : logs_of(subject)) {
    const Events lf = read_log(plugin, subject.id, log.bytes);
    for (const Chunks chunks : {Chunks{}, Chunks{Chunks::Kind::random, 1}}) {
      const Events crlf = read_log(plugin, subject.id, with_crlf(log.bytes), chunks);
      const auto difference = first_difference("LF", lf, "CRLF", crlf, Offsets::left_out);
      if (!difference.empty())
        throw Failed("the log \"" + log.name + "\" with CRLF for LF gives other events: " + difference +
                     "\na terminal of a container ends lines by CRLF: take both for one line end, in two chunks too");
    }
  }
  require_no_breach(plugin.host);
}

void empty_stream(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const int pushes : {0, 1, 2}) {
    StreamUnderTest stream(plugin, subject.id);
    for (int i = 0; i < pushes; ++i) stream.push({});
    stream.finish();
    if (!stream.events().empty())
      throw Failed("a stream without a byte gave " + to_json(stream.events().front()) +
                   "; events come from bytes, so there must be none");
  }
  require_no_breach(plugin.host);
}

void two_streams(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& log : logs_of(subject)) {
    const std::string other = log.bytes.substr(log.bytes.size() / 2);
    const Events alone = read_log(plugin, subject.id, log.bytes), other_alone = read_log(plugin, subject.id, other);
    StreamUnderTest one(plugin, subject.id), two(plugin, subject.id);
    std::string_view left = other;
    cut(log.bytes, {Chunks::Kind::random, 7}, [&](std::string_view chunk) {
      one.push(chunk);
      two.push(left.substr(0, chunk.size()));
      left.remove_prefix(std::min(left.size(), chunk.size()));
    });
    two.push(left);
    two.finish();
    one.finish();
    auto difference = first_difference("alone", alone, "beside another stream", one.events());
    if (difference.empty()) difference = first_difference("alone", other_alone, "beside another stream", two.events());
    if (!difference.empty())
      throw Failed("two streams of the log \"" + log.name + "\" read by turns disturb each other: " + difference +
                   "\nkeep what a stream knows in the object that open() makes, and nothing in static data");
  }
  require_no_breach(plugin.host);
}

void start_offset_shifts(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  for (const auto& log : all_logs(subject)) {
    Events expected = read_log(plugin, subject.id, log.bytes);
    for (auto& event : expected) {
      event.first_byte += kFarOffset;
      event.last_byte += kFarOffset;
    }
    const Events came = read_log(plugin, subject.id, log.bytes, {}, kFarOffset);
    const auto difference = first_difference("expected", expected, "came", came);
    if (!difference.empty())
      throw Failed("the log \"" + log.name + "\" read from start_offset " + std::to_string(kFarOffset) +
                   " gives more than shifted offsets: " + difference +
                   "\ncount offsets from start_offset, in 64 bits, and let nothing else depend on it");
  }
  require_no_breach(plugin.host);
}

}  // namespace

std::vector<Test> log_chunk_tests() {
  return {
      {"same-events-any-chunking",
       "The same bytes give the same events however they are split, since they come as the network cuts them.",
       Kind::log_parser, any_chunking},
      {"finish-without-newline",
       "finish() reads a last line that has no end as if it had one, since a killed training ends in the middle.",
       Kind::log_parser, finish_without_newline},
      {"crlf-is-lf", "A log with CRLF for LF gives the same events, since terminals write it so.", Kind::log_parser,
       crlf_is_lf},
      {"empty-stream", "A stream without a byte, and an empty push, give no event and no error.", Kind::log_parser,
       empty_stream},
      {"two-streams-interleaved",
       "Two streams read by turns give what each gives alone, since an agent follows many jobs at once.",
       Kind::log_parser, two_streams},
      {"start-offset-shifts-offsets",
       "A start_offset moves the offsets of all events by as much and changes nothing else, since the agent goes on in "
       "the middle of a log.",
       Kind::log_parser, start_offset_shifts},
  };
}

}  // namespace stoker::check
