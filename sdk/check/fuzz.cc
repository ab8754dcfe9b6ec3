#include "sdk/check/fuzz.h"

#include <sys/mman.h>

#include <chrono>
#include <ostream>
#include <random>

#include "core/error.h"
#include "sdk/check/isolated.h"
#include "sdk/check/log_parser_group.h"
#include "sdk/check/log_reading.h"
#include "sdk/check/run.h"
#include "sdk/check/tour.h"

namespace stoker::check {
namespace {

constexpr int64_t kGraceMs = 45'000;
constexpr int kMostChanges = 8;

// Which seed is being tried, for the parent to read after a crash.
struct Tried {
  uint64_t seed = 0, count = 0;
};

Tried* shared_tried() {
  void* made = ::mmap(nullptr, sizeof(Tried), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) throw system_error("mmap", errno);
  return new (made) Tried;
}

void read_mutated_log(const Subject& subject, const std::string& id, uint64_t seed) {
  std::mt19937_64 random(seed);
  LoadedPlugin plugin(subject.plugin, {});
  const auto logs = all_logs(subject);
  const std::string log =
      mutated(logs[random() % logs.size()].bytes, seed, 1 + static_cast<int>(random() % kMostChanges));
  const Chunks chunks{Chunks::Kind::random, seed};
  const auto difference =
      first_difference("in one piece", read_log(plugin, id, log), chunks.words(), read_log(plugin, id, log, chunks));
  if (!difference.empty()) throw Failed("a log gives other events " + chunks.words() + ": " + difference);
  require_no_breach(plugin.host);
}

void tour_mutated_cloud(const Subject& subject, uint64_t seed) {
  Stage stage(subject);
  stage.cloud()->break_with({.kind = CloudFault::Kind::mutated, .times = -1, .seed = seed});
  stage.tour();
  require_no_breach(stage.host());
}

void try_seed(const Subject& subject, const Offered& offered, uint64_t seed) {
  for (const auto& id : offered.log_parsers) read_mutated_log(subject, id, seed);
  if (subject.cloud && !offered.providers.empty()) tour_mutated_cloud(subject, seed);
}

// Tries seeds from `first` on until the time is over; what was found, or nothing.
std::string try_seeds(const Subject& subject, const Offered& offered, uint64_t first, int64_t seconds, Tried& tried) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::seconds(seconds);
  for (uint64_t seed = first; Clock::now() < until; ++seed, ++tried.count) {
    tried.seed = seed;
    try {
      try_seed(subject, offered, seed);
    } catch (const std::exception& found) {
      return found.what();
    }
  }
  return {};
}

void report(const FuzzOptions& options, uint64_t seed, const std::string& found, std::ostream& out) {
  out << "seed " << seed << ": " << found << "\nagain with: stoker-plugin-check fuzz " << options.plugin.string();
  if (!options.fixtures.empty()) out << " --fixtures " << options.fixtures.string();
  out << " --reproduce " << seed << std::endl;
}

}  // namespace

bool fuzz(const FuzzOptions& options, std::ostream& out) {
  const Subject subject = subject_of(options.plugin, options.fixtures);
  const Offered offered = offered_by(subject.plugin);
  if (offered.log_parsers.empty() && (offered.providers.empty() || !subject.cloud))
    throw Error(Fault::invalid, options.plugin.string() + " offers nothing that could be fuzzed",
                "a provider needs --fixtures with a cloud.yaml");
  if (options.reproduce && options.in_process) {
    try_seed(subject, offered, *options.reproduce);
    return true;
  }
  Tried& tried = *shared_tried();
  const uint64_t first = options.reproduce.value_or(std::random_device()());
  const Isolated ran = run_isolated(
      [&]() -> std::string {
        if (!options.reproduce) return try_seeds(subject, offered, first, options.seconds, tried);
        tried.seed = first;
        try {
          try_seed(subject, offered, first);
        } catch (const std::exception& found) {
          return found.what();
        }
        tried.count = 1;
        return {};
      },
      options.seconds * 1000 + kGraceMs);
  if (!ran.text.empty()) {
    report(options, tried.seed, ran.text, out);
    return false;
  }
  out << tried.count << " inputs from seed " << first << " on: nothing found" << std::endl;
  return true;
}

}  // namespace stoker::check
