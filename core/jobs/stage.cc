// Uploads what the training needs: the runner's spec and the inputs.
#include <algorithm>

#include "core/jobs/inputs.h"
#include "core/jobs/stages.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::jobs {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPatienceMs = 10 * kMinute;
constexpr size_t kMaxFiles = 200'000;

std::string runner_spec(const JobRun& run) {
  JsonWriter json;
  json.begin_object().member("job", run.row.id).member("attempt", run.row.attempt).key("phases").begin_object();
  if (!run.spec.setup.empty()) json.key("setup").begin_object().member("command", run.spec.setup).end_object();
  json.key("train").begin_object().member("command", run.spec.run).end_object().end_object().key("env").begin_object();
  for (const auto& [name, value] : run.spec.env) json.member(name, value);
  return json.end_object().end_object().str();
}

bool is_executable(const fs::path& path) {
  return (fs::status(path).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

void add_input(const fs::path& from, const std::string& to, std::vector<remote::UploadFile>& files) {
  std::error_code error;
  const auto absent = [&](const fs::path& path) {
    return Error(Fault::invalid, "input " + path.string() + " can not be read: " + error.message());
  };
  const fs::file_status status = fs::status(from, error);
  if (error) throw absent(from);
  if (fs::is_regular_file(status)) {
    files.push_back({"work/" + to, from, std::nullopt, is_executable(from)});
    return;
  }
  if (!fs::is_directory(status))
    throw Error(Fault::invalid, "input " + from.string() + " is neither a file nor a folder");
  for (auto it = fs::recursive_directory_iterator(from, error); it != fs::recursive_directory_iterator();
       it.increment(error)) {
    if (error) throw absent(from);
    if (!it->is_regular_file(error)) continue;
    const std::string below = it->path().lexically_relative(from).generic_string();
    files.push_back({"work/" + to + "/" + below, it->path(), std::nullopt, is_executable(it->path())});
    if (files.size() > kMaxFiles)
      throw Error(Fault::invalid, "input " + from.string() + " holds more than 200,000 files",
                  "pack them into an archive");
  }
  if (error) throw absent(from);
}

void add_template(const JobRun& run, std::vector<remote::UploadFile>& files) {
  for (const templates::StagedFile& file : run.spec.from_template->files) {
    const fs::path source = file.source.empty() ? fs::path() : run.ctx.templates.folder() / file.source;
    if (!file.source.empty() && !fs::is_regular_file(source))
      throw Error(Fault::invalid, "the template " + run.spec.from_template->id + " lacks its file " + source.string(),
                  "install Stoker whole: templates lie beside it");
    files.push_back({"work/" + file.to, source,
                     file.source.empty() ? std::optional<std::string>(file.content) : std::nullopt, false});
  }
}

std::vector<remote::UploadFile> files_of(const JobRun& run) {
  std::vector<remote::UploadFile> files{{"spec.json", {}, runner_spec(run), false}};
  if (run.spec.from_template) add_template(run, files);
  for (const Input& input : run.spec.inputs) add_input(path_of(run.ctx, input), input.to, files);
  return files;
}

std::string upload_event(int64_t done, int64_t total) {
  JsonWriter json;
  json.begin_object().member("scope", "upload").member("n", done).member("total", total);
  json.member("percent", total > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(total) : 100.0);
  return json.end_object().str();
}

}  // namespace

void stage(JobRun& run) {
  const std::vector<remote::UploadFile> files = files_of(run);
  int64_t told_ms = 0;
  run.with_runner(kPatienceMs, [&](remote::RunnerClient& runner) {
    const auto progress = [&](int64_t done, int64_t total) {
      run.heard();
      const int64_t now = run.ctx.clock.mono_ms();
      if (now - told_ms < kSecond && done < total) return;
      told_ms = now;
      run.emit("progress", upload_event(done, total));
    };
    runner.upload(files, progress, run.wait());
  });
  run.commit("setup", [](store::JobRow& it) { it.state = store::JobState::setup; });
}

}  // namespace stoker::jobs
