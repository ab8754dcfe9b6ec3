#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/cli/command.h"
#include "core/cli/json_reader.h"
#include "core/cli/silent_log.h"
#include "core/training_log/parse_log.h"

namespace stoker::cli {
namespace {

// "metric  {...}": the kind, then the rest of the event.
void print_plain(std::string_view line, std::ostream& out) {
  const std::string kind = Json::parse(std::string(line), "an event")["event"].text();
  out << kind << std::string(kind.size() < 11 ? 12 - kind.size() : 1, ' ') << line << '\n';
}

int parse(Invocation& call) {
  SilentLog log;
  plugin_host::Registry registry(call.settings().plugins, call.clock, log);
  std::vector<const plugin_host::LogParser*> parsers;
  for (const std::string& id : registry.log_parser_ids()) parsers.push_back(&registry.log_parser(id));

  const std::string path = call.arguments.text("LOG");
  const int fd = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw system_error("can not read " + path, errno);
  const std::string parser = call.arguments.has("--parser") ? call.arguments.text("--parser") : "auto";
  try {
    training_log::parse_log(parsers, parser, fd, call.clock.wall_ms(), [&](std::string_view line) {
      if (call.json)
        call.out << line << '\n';
      else
        print_plain(line, call.out);
    });
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  call.out.flush();
  return kDone;
}

}  // namespace

Command parse_command() {
  Command command;
  command.name = "parse";
  command.summary = "Say what a log parser reads in a training log, one event a line. Needs no agent.";
  command.arguments = {{"LOG", "file, or - for standard input"}};
  command.options = {{"--parser", "NAME", "auto (the default), the id of a log parser, or none: the diagnosis alone"}};
  command.run = parse;
  command.exit_codes = "0  done\n  1  the log can not be read, or no parser knows it\n  2  bad usage";
  return command;
}

}  // namespace stoker::cli
