#include "core/jobs/log_parsing.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/training_log/choose.h"

namespace stoker::jobs {
namespace {

std::string read_at(int fd, int64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const ssize_t n = ::pread(fd, bytes.data() + have, size - have, offset + static_cast<int64_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw system_error("can not read the job's log", errno);
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace

void choose_parser(const JobRun& run, int log_fd, std::string_view chunk, store::JobRow& job) {
  if (!job.parser.empty()) return;
  if (run.spec.log_parser != "auto") {
    job.parser = run.spec.log_parser;
    return;
  }
  const auto before = static_cast<size_t>(std::min<int64_t>(job.log_bytes, training_log::kHeadBytes));
  std::string newest = read_at(log_fd, job.log_bytes - static_cast<int64_t>(before), before).append(chunk);
  if (newest.size() > training_log::kHeadBytes) newest.erase(0, newest.size() - training_log::kHeadBytes);
  const plugin_host::LogParser* parser = training_log::choose(run.ctx.log_parsers(), newest);
  if (parser == nullptr) return;
  job.parser = parser->id();
  job.parser_score = parser->detect(newest);
}

std::unique_ptr<training_log::Reader> open_reader(const JobRun& run, int log_fd, const store::JobRow& job,
                                                  std::vector<training_log::Event>& late) {
  if (job.parser.empty() || run.spec.log_parser == "none") return nullptr;
  const plugin_host::LogParser* parser = nullptr;
  if (job.parser != "none") {
    for (const plugin_host::LogParser* known : run.ctx.log_parsers())
      if (known->id() == job.parser) parser = known;
    if (parser == nullptr) throw Error(Fault::unsupported, "the log parser " + job.parser + " is no longer enabled");
  }
  auto reader = std::make_unique<training_log::Reader>(parser, job.id);
  reader->skip_first(static_cast<uint64_t>(job.parser_events));
  constexpr size_t kPiece = 1 << 20;
  for (int64_t at = 0; at < job.log_bytes;) {
    const std::string piece = read_at(log_fd, at, std::min<size_t>(kPiece, static_cast<size_t>(job.log_bytes - at)));
    if (piece.empty())
      throw Error(Fault::internal, "the stored log of job " + job.id + " is shorter than it should be");
    for (training_log::Event& event : reader->push(piece, run.ctx.clock.wall_ms())) late.push_back(std::move(event));
    at += static_cast<int64_t>(piece.size());
  }
  return reader;
}

}  // namespace stoker::jobs
