// bench-parse write axolotl|transformers MIB FILE     writes a log of a Trainer; prints how many records it has
// bench-parse parser axolotl|transformers FILE        reads it through the parser alone; its events are counted
// bench-parse reader axolotl|transformers FILE PLUGINS    the same through the core: parser, steps, diagnosis, JSON
// The last two print the number of records with a loss.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "core/plugin_host/registry.h"
#include "core/training_log/reader.h"
#include "log-parsers/axolotl/parser.h"
#include "log-parsers/transformers/parser.h"
#include "tests/bench/trainer_log.h"

namespace stoker::bench {
namespace {

constexpr size_t kRead = 64 * 1024;

template <class Take>
void read_file(const char* path, Take&& take) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::string("can not open ") + path);
  std::vector<char> buffer(kRead);
  for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;)
    take(std::string_view(buffer.data(), static_cast<size_t>(n)));
  ::close(fd);
}

stoker_status count(void* records, const stoker_log_event* event) {
  *static_cast<uint64_t*>(records) += event->kind == STOKER_EVENT_METRIC ? 1 : 0;
  return STOKER_OK;
}

template <class Parser>
uint64_t parse(const char* path) {
  uint64_t records = 0;
  Parser parser(StreamInfo{});
  const LogEmit emit(&count, &records);
  read_file(path, [&](std::string_view bytes) { parser.push(bytes, emit); });
  parser.finish(STOKER_FINISH_EOF, emit);
  return records;
}

struct NoLog final : plugin_host::HostLog {
  void write(int32_t, const std::string&, const std::string&) override {}
};

uint64_t read_in_core(const std::string& id, const char* path, const char* plugins) {
  SystemClock clock;
  NoLog log;
  plugin_host::RegistryOptions options;
  options.bundled = plugins;
  options.enabled = {{id, ""}};
  plugin_host::Registry registry(options, clock, log);
  training_log::Reader reader(&registry.log_parser(id));
  uint64_t records = 0;
  const auto take = [&](const std::vector<training_log::Event>& events) {
    for (const auto& event : events) records += event.kind == "metric" ? 1 : 0;
  };
  read_file(path, [&](std::string_view bytes) { take(reader.push(bytes, 0)); });
  take(reader.finish(0));
  return records;
}

uint64_t write(bool axolotl, size_t mib, const char* path) {
  FILE* file = std::fopen(path, "wb");
  if (file == nullptr) throw std::runtime_error(std::string("can not write ") + path);
  TrainerLog log(axolotl);
  for (size_t i = 0; i < mib; ++i) {
    const std::string bytes = log.next(1 << 20);
    if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) throw std::runtime_error("the disk is full");
  }
  if (std::fclose(file) != 0) throw std::runtime_error("the disk is full");
  return log.records();
}

uint64_t run(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "", id = argc > 2 ? argv[2] : "";
  const bool axolotl = id == "axolotl";
  if (what == "write" && argc == 5) return write(axolotl, static_cast<size_t>(std::atoll(argv[3])), argv[4]);
  if (what == "parser" && argc == 4)
    return axolotl ? parse<axolotl::Parser>(argv[3]) : parse<transformers::Parser>(argv[3]);
  if (what == "reader" && argc == 5) return read_in_core(id, argv[3], argv[4]);
  throw std::invalid_argument("arguments: write ID MIB FILE | parser ID FILE | reader ID FILE PLUGINS");
}

}  // namespace
}  // namespace stoker::bench

int main(int argc, char** argv) {
  try {
    std::printf("%llu\n", static_cast<unsigned long long>(stoker::bench::run(argc, argv)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-parse: %s\n", error.what());
    return 1;
  }
}
