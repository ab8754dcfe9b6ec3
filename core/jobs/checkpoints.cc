#include "core/jobs/checkpoints.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <simdjson.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <system_error>

#include "core/jobs/outputs.h"
#include "core/private_file.h"
#include "core/store/artifacts.h"
#include "core/store/events.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSettledMs = 10 * kSecond, kTrainerSettledMs = 2 * kSecond;
constexpr size_t kEventPage = 500;

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  for (size_t start = 0; start < path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (end > start && path.substr(start, end - start) != ".") parts.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

using Part = std::vector<std::string>::const_iterator;

bool matches(Part pattern, Part pattern_end, Part path, Part path_end) {
  if (pattern == pattern_end) return path == path_end;
  if (*pattern == "**") {
    for (; path != path_end; ++path)
      if (matches(pattern + 1, pattern_end, path, path_end)) return true;
    return false;
  }
  return path != path_end && ::fnmatch(pattern->c_str(), path->c_str(), 0) == 0 &&
         matches(pattern + 1, pattern_end, path + 1, path_end);
}

// "checkpoint-500", "epoch=2-step=500.ckpt": the last number before an ending.
int64_t number_of(const std::string& path) {
  const std::string name = fs::path(path).stem();
  const size_t last = name.find_last_of("0123456789");
  if (last == std::string::npos) return -1;
  const size_t begin = name.find_last_not_of("0123456789", last) + 1;  // npos + 1 is 0
  int64_t number = -1;
  std::from_chars(name.data() + begin, name.data() + last + 1, number);
  return number;
}

int64_t changed_ms(const CheckpointFiles& checkpoint) {
  int64_t newest = 0;
  for (const remote::ManifestEntry& file : checkpoint.files) newest = std::max(newest, file.mtime_ms);
  return newest;
}

bool is_older(const CheckpointFiles& a, const CheckpointFiles& b) {
  const int64_t left = number_of(a.path), right = number_of(b.path);
  if (left >= 0 && right >= 0 && left != right) return left < right;
  return changed_ms(a) < changed_ms(b);
}

std::string event_of(const CheckpointFiles& checkpoint) {
  int64_t bytes = 0;
  for (const remote::ManifestEntry& file : checkpoint.files) bytes += file.size;
  JsonWriter json;
  json.begin_object();
  if (const int64_t step = number_of(checkpoint.path); step >= 0) json.member("step", step);
  json.member("path", checkpoint.path).member("complete", true).member("home", true);
  return json.member("files", static_cast<int64_t>(checkpoint.files.size())).member("bytes", bytes).end_object().str();
}

// Whether the log said that it is written. Paths in a log may be absolute.
bool was_told(JobRun& run, const std::string& checkpoint) {
  simdjson::dom::parser parser;
  for (int64_t after = 0;;) {
    const auto events = run.ctx.db.read([&](store::Connection& c) {
      return store::Events(c).of_kinds(run.row.id, {"checkpoint"}, after, static_cast<int>(kEventPage));
    });
    for (const store::EventRow& event : events) {
      after = event.seq;
      simdjson::dom::element root;
      std::string_view path;
      bool complete = false, home = false;
      if (parser.parse(event.data).get(root) != simdjson::SUCCESS || root["path"].get(path) != simdjson::SUCCESS ||
          root["complete"].get(complete) != simdjson::SUCCESS || root["home"].get(home) == simdjson::SUCCESS)
        continue;
      while (path.ends_with('/')) path.remove_suffix(1);
      if (path.starts_with("./")) path.remove_prefix(2);
      if (complete && (path == checkpoint || path.ends_with("/" + checkpoint))) return true;
    }
    if (events.size() < kEventPage) return false;
  }
}

bool is_whole(JobRun& run, const CheckpointFiles& checkpoint, bool newer_is_there) {
  if (newer_is_there) return true;
  const bool has_state = std::any_of(checkpoint.files.begin(), checkpoint.files.end(),
                                     [](const auto& file) { return file.path.ends_with("/trainer_state.json"); });
  const int64_t quiet_ms = run.ctx.clock.wall_ms() - changed_ms(checkpoint);
  return quiet_ms >= (has_state ? kTrainerSettledMs : kSettledMs) || was_told(run, checkpoint.path);
}

int64_t modified_ms(const fs::path& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) == 0 ? int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000 : 0;
}

// As on the machine: the order of checkpoints without a number.
void set_modified(const fs::path& file, int64_t ms) {
  const timespec at{ms / 1000, ms % 1000 * 1'000'000};
  const timespec times[] = {at, at};
  ::utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

// What is at home, in the order of the job's checkpoints.
class Home {
 public:
  explicit Home(JobRun& run) : run_(run), folder_(run.home() / "artifacts") { ensure_private_folder(folder_); }

  [[nodiscard]] bool has(const CheckpointFiles& checkpoint) const {
    const auto rows = read();
    return std::all_of(checkpoint.files.begin(), checkpoint.files.end(), [&](const remote::ManifestEntry& file) {
      return std::any_of(rows.begin(), rows.end(), [&](const store::ArtifactRow& row) {
        return row.path == file.path && row.complete && row.xxh3 == file.xxh3;
      });
    });
  }

  // The files that are missing; their rows are there from now on, and those of files that it has no more are not.
  std::vector<remote::ManifestEntry> begin(const CheckpointFiles& checkpoint) {
    return run_.ctx.db.write("checkpoint begun", [&](store::Connection& connection) {
      store::Artifacts artifacts(connection);
      std::vector<remote::ManifestEntry> missing;
      for (const remote::ManifestEntry& file : checkpoint.files) {
        const auto row = artifacts.find(run_.row.id, file.path);
        if (row && row->complete && row->xxh3 == file.xxh3) continue;
        artifacts.put({run_.row.id, file.path, file.size, file.xxh3, false});
        missing.push_back(file);
      }
      for (const store::ArtifactRow& row : artifacts.of_job(run_.row.id)) {
        const bool listed = std::any_of(checkpoint.files.begin(), checkpoint.files.end(),
                                        [&](const auto& file) { return file.path == row.path; });
        if (!listed && of(row.path) == checkpoint.path) artifacts.erase(run_.row.id, row.path);
      }
      return missing;
    });
  }

  void arrived(const remote::ManifestEntry& file) {
    run_.ctx.db.write("artifact", [&](store::Connection& connection) {
      store::Artifacts(connection).put({run_.row.id, file.path, file.size, file.xxh3, true});
    });
  }

  // One commit: the last file is there, it is told, and those that are too many are none any more.
  void finish(const CheckpointFiles& checkpoint, const remote::ManifestEntry& last) {
    run_.ctx.db.write("checkpoint home", [&](store::Connection& connection) {
      store::Artifacts artifacts(connection);
      artifacts.put({run_.row.id, last.path, last.size, last.xxh3, true});
      append_event(run_.ctx, connection, run_.row.id, "checkpoint", event_of(checkpoint));
      for (const std::string& path : surplus(artifacts)) artifacts.erase(run_.row.id, path);
    });
    run_.ctx.feed.publish(run_.row.id);
  }

  // Of a checkpoint that is not there any more.
  void drop(const CheckpointFiles& checkpoint) {
    run_.ctx.db.write("checkpoint dropped", [&](store::Connection& connection) {
      store::Artifacts artifacts(connection);
      for (const store::ArtifactRow& row : artifacts.of_job(run_.row.id))
        if (of(row.path) == checkpoint.path) artifacts.erase(run_.row.id, row.path);
    });
  }

  // What an agent before this one began and the machine has no more.
  void drop_halves() {
    run_.ctx.db.write("halves dropped", [&](store::Connection& connection) {
      store::Artifacts artifacts(connection);
      const auto rows = artifacts.of_job(run_.row.id);
      std::set<std::string> halves;
      for (const store::ArtifactRow& row : rows)
        if (!row.complete) halves.insert(of(row.path));
      halves.erase("");
      for (const store::ArtifactRow& row : rows)
        if (halves.contains(of(row.path))) artifacts.erase(run_.row.id, row.path);
    });
  }

  // Files without a row: what a commit made superfluous, now or before a crash.
  void sweep() {
    std::set<std::string> known;
    for (const store::ArtifactRow& row : read()) known.insert(row.path);
    std::vector<fs::path> superfluous;
    std::error_code error;
    for (auto it = fs::recursive_directory_iterator(folder_, error); !error && it != decltype(it)();
         it.increment(error)) {
      if (it->is_directory(error) || it->is_symlink(error)) continue;
      std::string path = it->path().lexically_relative(folder_).generic_string();
      if (path.ends_with(".part")) path.resize(path.size() - 5);
      if (!of(path).empty() && !known.contains(path)) superfluous.push_back(it->path());
    }
    for (const fs::path& file : superfluous) {
      fs::remove(file, error);
      for (fs::path above = file.parent_path(); above != folder_ && fs::is_empty(above, error) && !error;
           above = above.parent_path())
        fs::remove(above, error);
    }
  }

  [[nodiscard]] fs::path place(const std::string& path) const { return folder_ / path; }

 private:
  [[nodiscard]] std::vector<store::ArtifactRow> read() const {
    return run_.ctx.db.read([&](store::Connection& c) { return store::Artifacts(c).of_job(run_.row.id); });
  }
  [[nodiscard]] std::string of(std::string_view path) const { return checkpoint_of(run_.spec.checkpoints.path, path); }

  // The paths of all checkpoints but the newest that are whole.
  [[nodiscard]] std::vector<std::string> surplus(const store::Artifacts& artifacts) const {
    const auto keep = static_cast<size_t>(run_.spec.checkpoints.keep);
    if (keep == 0) return {};
    std::vector<remote::ManifestEntry> whole;
    std::map<std::string, bool> complete;
    const auto rows = artifacts.of_job(run_.row.id);
    for (const store::ArtifactRow& row : rows)
      if (const std::string name = of(row.path); !name.empty()) {
        complete.try_emplace(name, true).first->second &= row.complete;
        whole.push_back({row.path, row.size, modified_ms(place(row.path)), row.xxh3});
      }
    std::erase_if(whole, [&](const auto& file) { return !complete.at(of(file.path)); });
    const auto ordered = checkpoints_in(run_.spec.checkpoints.path, whole);
    std::vector<std::string> paths;
    for (size_t i = 0; i + keep < ordered.size(); ++i)
      for (const remote::ManifestEntry& file : ordered[i].files) paths.push_back(file.path);
    return paths;
  }

  JobRun& run_;
  fs::path folder_;
};

// True when it is whole at home.
bool fetch_one(JobRun& run, Home& home, const CheckpointFiles& checkpoint, int64_t patience_ms,
               const Meanwhile& meanwhile) {
  const auto missing = home.begin(checkpoint);
  for (size_t i = 0; i < missing.size(); ++i) {
    const remote::ManifestEntry& file = missing[i];
    bool elsewhere = false;  // what fails is not the file
    try {
      ensure_private_folder(home.place(file.path).parent_path());
      run.with_runner(patience_ms, [&](remote::RunnerClient& runner) {
        const remote::FetchSink sink{[&] {
                                       run.heard();
                                       elsewhere = true;
                                       if (meanwhile.arriving) meanwhile.arriving(runner);
                                       elsewhere = false;
                                     },
                                     [&] {
                                       elsewhere = true;
                                       if (meanwhile.waiting) meanwhile.waiting();
                                       elsewhere = false;
                                     }};
        elsewhere = false;
        runner.fetch(file, home.place(file.path), sink, run.wait());
      });
    } catch (const Error& error) {
      if (elsewhere || !is_of_the_file(error)) throw;
      home.drop(checkpoint);
      return false;
    }
    set_modified(home.place(file.path), file.mtime_ms);
    i + 1 < missing.size() ? home.arrived(file) : home.finish(checkpoint, file);
  }
  return true;
}

}  // namespace

std::string checkpoint_of(std::string_view pattern, std::string_view path) {
  const std::vector<std::string> wanted = parts_of(pattern), parts = parts_of(path);
  std::string prefix;
  for (size_t count = 1; count <= parts.size(); ++count) {
    prefix += (count > 1 ? "/" : "") + parts[count - 1];
    const auto end = parts.begin() + static_cast<std::ptrdiff_t>(count);
    if (matches(wanted.begin(), wanted.end(), parts.begin(), end)) return prefix;
  }
  return {};
}

std::vector<CheckpointFiles> checkpoints_in(std::string_view pattern,
                                            const std::vector<remote::ManifestEntry>& entries) {
  std::map<std::string, CheckpointFiles> found;
  for (const remote::ManifestEntry& entry : entries) {
    const std::string path = checkpoint_of(pattern, entry.path);
    if (path.empty()) continue;
    CheckpointFiles& checkpoint = found[path];
    checkpoint.path = path;
    checkpoint.files.push_back(entry);
  }
  std::vector<CheckpointFiles> ordered;
  for (auto& [path, checkpoint] : found) ordered.push_back(std::move(checkpoint));
  std::stable_sort(ordered.begin(), ordered.end(), is_older);
  return ordered;
}

void fetch_checkpoints(JobRun& run, bool ended, int64_t patience_ms, const Meanwhile& meanwhile) {
  const Checkpoints& wanted = run.spec.checkpoints;
  if (wanted.path.empty()) return;
  size_t refused = 0;
  const auto entries = run.with_runner(patience_ms, [&](remote::RunnerClient& runner) {
    return refused = 0, runner.manifest(checkpoint_patterns(run.spec), refused, meanwhile.waiting, run.wait());
  });
  std::vector<CheckpointFiles> there = checkpoints_in(wanted.path, entries);
  Home home(run);
  std::string lost;
  size_t whole = 0;
  bool newer_is_there = ended && run.row.outcome == "succeeded";
  for (auto checkpoint = there.rbegin(); checkpoint != there.rend(); ++checkpoint) {
    if (wanted.keep > 0 && whole == static_cast<size_t>(wanted.keep)) break;
    if (!is_whole(run, *checkpoint, newer_is_there)) {
      newer_is_there = true;
      continue;
    }
    newer_is_there = true;
    if (home.has(*checkpoint) || fetch_one(run, home, *checkpoint, patience_ms, meanwhile))
      ++whole;
    else
      lost += (lost.empty() ? "" : ", ") + checkpoint->path;
  }
  home.drop_halves();
  home.sweep();
  if (ended && !lost.empty()) throw Error(Fault::conflict, "checkpoints changed while they were fetched: " + lost);
}

}  // namespace stoker::jobs
