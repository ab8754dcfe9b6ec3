#include "core/training_log/parse_log.h"

#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/training_log/choose.h"
#include "core/training_log/reader.h"

namespace stoker::training_log {
namespace {

constexpr size_t kRead = 64 * 1024;  // more would not stay in the processor's cache until it is read
static_assert(kRead >= kHeadBytes);

size_t read_some(int fd, char* to, size_t size) {
  while (true) {
    const ssize_t n = ::read(fd, to, size);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR) throw system_error("can not read the log", errno);
  }
}

const plugin_host::LogParser* pick(const std::vector<const plugin_host::LogParser*>& parsers, const std::string& name,
                                   std::string_view head) {
  if (name == "none") return nullptr;
  std::string known;
  for (const auto* parser : parsers) {
    if (parser->id() == name) return parser;
    known += (known.empty() ? "" : ", ") + parser->id();
  }
  const std::string hint = known.empty() ? "enable a log parser: stoker plugins list" : "known parsers: " + known;
  if (name != "auto") throw Error(Fault::invalid, "there is no log parser \"" + name + "\"", hint, "parser");
  if (const auto* best = choose(parsers, head)) return best;
  throw Error(Fault::invalid, "no log parser knows the format of this log", hint, "parser");
}

// "{..." becomes {"event":"kind",...
std::string with_kind(const Event& event) { return "{\"event\":\"" + event.kind + "\"," + event.data.substr(1); }

}  // namespace

uint64_t parse_log(const std::vector<const plugin_host::LogParser*>& parsers, const std::string& name, int fd,
                   int64_t t_ms, const std::function<void(std::string_view)>& out) {
  std::string bytes(kRead, '\0');
  size_t have = 0;
  for (size_t n = 1; n > 0 && have < kHeadBytes; have += n) n = read_some(fd, bytes.data() + have, kRead - have);
  Reader reader(pick(parsers, name, std::string_view(bytes).substr(0, have)));
  const auto tell = [&](const std::vector<Event>& events) {
    for (const auto& event : events) out(with_kind(event));
  };
  while (have > 0) {
    tell(reader.push(std::string_view(bytes).substr(0, have), t_ms));
    have = read_some(fd, bytes.data(), kRead);
  }
  tell(reader.finish(t_ms));
  return reader.count();
}

}  // namespace stoker::training_log
