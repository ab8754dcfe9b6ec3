// stoker-runner on one instance, spoken to over one session. The words of the protocol are in core/runner/protocol.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/remote/session.h"

namespace stoker::remote {

struct UploadFile {
  std::string path;             // on the instance, relative to the job folder: "work/data/train.txt", "spec.json"
  std::filesystem::path local;  // read from here ...
  std::optional<std::string> content;  // ... or, when set, these bytes
  bool executable = false;
};

struct PhaseStatus {
  std::string state;  // absent running unsupervised exited lost rebooted
  int64_t pid = 0, start_time = 0;
  std::string boot_id;
  std::optional<int> exit_code, exit_signal;
  int64_t log_bytes = 0;  // size of the log when the phase ended
  int64_t log_size = 0;   // size of the log now
  [[nodiscard]] bool ended() const { return state == "exited" || state == "lost" || state == "rebooted"; }
};

struct ManifestEntry {
  std::string path;
  int64_t size = 0, mtime_ms = 0;
  std::string xxh3;  // 16 hex digits
};

struct Armed {
  bool armed = false, power_off = false, root = false;
  int64_t hard_cap_ms = 0, idle_ms = 0;
};

struct FollowSink {
  // Bytes of the log from `offset` on, in order, without a hole. False: stop following.
  std::function<bool(int64_t offset, std::string_view bytes)> data;
  std::function<void(int64_t from, int64_t to)> gap;
  std::function<bool()> tick;  // at least once a second while nothing comes; false: stop following
};

struct FetchSink {
  std::function<void()> arriving;  // for each piece that came; it may use the client, and the file waits
  std::function<void()> waiting;   // each second in which nothing came; it may not
};

// One thread at a time. Faults are those of Session; what the runner refuses is Fault::invalid (unsafe path),
// ::unavailable (disk full on the instance, hash mismatch), ::conflict (started before) or ::internal, with its own
// line as the message.
class RunnerClient {
 public:
  // `runners` holds stoker-runner-x86_64 and stoker-runner-aarch64. `job_folder` is "<job>-<attempt>".
  RunnerClient(Session& session, std::filesystem::path runners, std::string job_folder);

  // Puts the program for the instance's architecture into ~/.stoker/<sha256>/, hash-checked, once per version; /tmp or
  // /dev/shm where the home is mounted noexec. Makes the job folder. Idempotent. Must come first on every session.
  void install(const Wait& wait);

  // Skips what is there already with the same hash, resumes what is there in part. `progress` gets bytes done and
  // total.
  void upload(const std::vector<UploadFile>& files, const std::function<void(int64_t, int64_t)>& progress,
              const Wait& wait);
  void put_secrets(const std::vector<std::pair<std::string, std::string>>& secrets, const Wait& wait);

  // Starts the phase once; when it was started before, says what became of it.
  PhaseStatus start(std::string_view phase, const Wait& wait);
  PhaseStatus status(std::string_view phase, const Wait& wait);
  // The log from `offset` until the phase has ended and everything was delivered (the status), or the sink stopped
  // (nothing).
  std::optional<PhaseStatus> follow(std::string_view phase, int64_t offset, const FollowSink& sink, const Wait& wait);
  void stop(int64_t grace_ms, const Wait& wait);

  // Entries with unsafe names (absolute, "..", control characters, over 1,024 bytes, deeper than 16) are left out and
  // counted. Every file is hashed, which may take minutes: `waiting` is called each second of it.
  std::vector<ManifestEntry> manifest(const std::vector<std::string>& patterns, size_t& refused,
                                      const std::function<void()>& waiting, const Wait& wait);
  // Into `local` through `local`.part, resuming it; hash-checked, fsynced, renamed. The name comes from our request
  // only. Unavailable when nothing came for a minute.
  void fetch(const ManifestEntry& entry, const std::filesystem::path& local, const FetchSink& sink, const Wait& wait);

  Armed arm(int64_t hard_cap_ms, int64_t idle_ms, bool power_off, const Wait& wait);
  void beat(const Wait& wait);
  void clean(const Wait& wait);
  // The same for other job folders of the machine; one that is not there is clean.
  void clean_others(const std::vector<std::string>& job_folders, const Wait& wait);

  [[nodiscard]] const std::string& job_path() const { return job_path_; }  // absolute, once installed

 private:
  struct Reply;
  Reply call(const std::string& arguments, const std::function<size_t(char*, size_t)>& input, const Wait& wait,
             const std::function<void()>& waiting = nullptr);

  Session& session_;
  std::filesystem::path runners_;
  std::string job_folder_;
  std::string program_;   // absolute path on the instance, once installed
  std::string job_path_;  // absolute path of the job folder on the instance
};

}  // namespace stoker::remote
