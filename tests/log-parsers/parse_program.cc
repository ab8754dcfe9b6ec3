// parse LOG --parser NAME --json: what `stoker parse` prints, with the parsers of this build. For comparisons by hand
// and by compare_test.cc.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "core/plugin_host/registry.h"
#include "core/training_log/parse_log.h"

namespace {

class Stderr final : public stoker::plugin_host::HostLog {
 public:
  void write(int32_t, const std::string& plugin, const std::string& message) override {
    std::fprintf(stderr, "%s: %s\n", plugin.c_str(), message.c_str());
  }
};

int run(const std::string& path, const std::string& parser) {
  stoker::SystemClock clock;
  Stderr log;
  stoker::plugin_host::RegistryOptions options;
  options.bundled = STOKER_BUILD_DIR "/lib/stoker/plugins";
  options.enabled = {{"transformers", ""}, {"axolotl", ""}};
  options.allow_unsafe = true;
  stoker::plugin_host::Registry registry(options, clock, log);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::runtime_error("can not open " + path);
  std::vector<const stoker::plugin_host::LogParser*> parsers;
  for (const std::string& id : registry.log_parser_ids()) parsers.push_back(&registry.log_parser(id));
  stoker::training_log::parse_log(parsers, parser, fd, 0, [](std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
  });
  ::close(fd);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  try {
    return run(argv[2], argv[4]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
