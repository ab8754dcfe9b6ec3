// The ETA of real trainings, held against when they were done.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_host/registry.h"
#include "core/training_log/parse_log.h"

namespace {

class Silent final : public stoker::plugin_host::HostLog {
 public:
  void write(int32_t, const std::string&, const std::string&) override {}
};

struct Frame {
  double n, total, time_s;
  std::optional<double> eta_s, low_s, high_s;
};

std::optional<double> member(std::string_view json, const std::string& key) {
  const auto at = json.find("\"" + key + "\":");
  if (at == std::string_view::npos) return std::nullopt;
  return std::strtod(std::string(json.substr(at + key.size() + 3, 40)).c_str(), nullptr);
}

// The frames of the training bar, by run: a bar that goes back is another.
std::vector<std::vector<Frame>> trainings_of(const std::vector<const stoker::plugin_host::LogParser*>& parsers,
                                             const std::filesystem::path& log) {
  std::vector<std::vector<Frame>> out(1);
  const int fd = ::open(log.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_GE(fd, 0) << log;
  const std::string parser = log.parent_path().filename() == "axolotl" ? "axolotl" : "transformers";
  stoker::training_log::parse_log(parsers, parser, fd, 0, [&](std::string_view line) {
    if (line.find(R"("event":"run")") != std::string_view::npos) out.emplace_back();
    if (line.find(R"("scope":"train")") == std::string_view::npos) return;
    const auto n = member(line, "n"), total = member(line, "total"), time_s = member(line, "elapsed_s");
    if (!n || !total || !time_s) return;
    if (!out.back().empty() && (*n < out.back().back().n || *time_s < out.back().back().time_s)) out.emplace_back();
    out.back().push_back(
        {*n, *total, *time_s, member(line, "eta_s"), member(line, "eta_low_s"), member(line, "eta_high_s")});
  });
  ::close(fd);
  return out;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Figures {
  int frames = 0, held = 0;
  std::vector<double> errors, widths;

  [[nodiscard]] double coverage() const { return static_cast<double>(held) / static_cast<double>(widths.size()); }
};

// From a fifth of the run on; nothing where the bar never came to its end.
void measure(const std::vector<Frame>& frames, Figures& out) {
  const auto end =
      std::find_if(frames.rbegin(), frames.rend(), [](const Frame& frame) { return frame.n == frame.total; });
  if (end == frames.rend()) return;
  for (const Frame& frame : frames) {
    if (frame.n < 0.2 * frame.total || frame.n >= frame.total) continue;
    ++out.frames;
    if (!frame.eta_s || !frame.low_s || !frame.high_s) continue;
    const double left = end->time_s - frame.time_s;
    out.held += *frame.low_s <= left && left <= *frame.high_s ? 1 : 0;
    out.widths.push_back((*frame.high_s - *frame.low_s) / 2 / *frame.eta_s);
    if (left > 0) out.errors.push_back(std::abs(*frame.eta_s - left) / left);
  }
}

// Beside the sources, or above a working tree of theirs.
std::filesystem::path logs_folder() {
  for (std::filesystem::path above = STOKER_SOURCE_DIR; above != above.root_path(); above = above.parent_path())
    if (std::filesystem::exists(above.parent_path() / "shared/logs")) return above.parent_path() / "shared/logs";
  return {};
}

TEST(EtaReplay, OfRealTrainings) {
  const std::filesystem::path logs = logs_folder();
  if (logs.empty()) GTEST_SKIP() << "the logs to replay are not here";
  stoker::SystemClock clock;
  Silent silent;
  stoker::plugin_host::RegistryOptions options;
  options.bundled = STOKER_BUILD_DIR "/lib/stoker/plugins";
  options.enabled = {{"transformers", ""}, {"axolotl", ""}};
  options.allow_unsafe = true;
  stoker::plugin_host::Registry registry(options, clock, silent);
  std::vector<const stoker::plugin_host::LogParser*> parsers;
  for (const std::string& id : registry.log_parser_ids()) parsers.push_back(&registry.log_parser(id));

  std::vector<std::filesystem::path> paths;
  for (const char* family : {"axolotl", "llamafactory", "transformers", "trl", "unsloth"})
    for (const auto& entry : std::filesystem::directory_iterator(logs / family))
      if (entry.path().extension() == ".log") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<double> coverages, errors, widths;
  for (const auto& path : paths) {
    Figures log;
    for (const auto& frames : trainings_of(parsers, path)) measure(frames, log);
    if (log.widths.empty()) continue;
    coverages.push_back(log.coverage());
    errors.push_back(median(log.errors));
    widths.push_back(median(log.widths));
    std::printf("%-50.50s %5d frames, %5zu forecasts, %5.1f %% held, half width %5.1f %%, error %5.1f %%\n",
                path.filename().c_str(), log.frames, log.widths.size(), 100 * coverages.back(), 100 * widths.back(),
                100 * errors.back());
  }
  ASSERT_GE(coverages.size(), 10U);
  double sum[2] = {};
  for (size_t i = 0; i < coverages.size(); ++i) sum[i % 2] += coverages[i];
  const auto count = static_cast<double>(coverages.size());
  const double covered = (sum[0] + sum[1]) / count;
  std::printf("%zu logs: %.1f %% held (every other: %.1f %%, %.1f %%), median half width %.1f %%, error %.1f %%\n",
              coverages.size(), 100 * covered, 100 * sum[0] / std::ceil(count / 2),
              100 * sum[1] / std::floor(count / 2), 100 * median(widths), 100 * median(errors));
  EXPECT_GE(covered, 0.7);
  EXPECT_LE(covered, 0.9);
  EXPECT_LT(median(widths), 0.1);
  EXPECT_LT(median(errors), 0.05);
}

}  // namespace
