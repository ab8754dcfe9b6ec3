#include "core/runner/watchdog.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/runner/clock.h"
#include "core/runner/daemon.h"
#include "core/runner/failure.h"
#include "core/runner/phase.h"
#include "core/runner/process.h"
#include "core/runner/protocol.h"
#include "core/runner/record.h"
#include "core/runner/stop.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::runner {
namespace {

constexpr const char* kFile = "watchdog";
constexpr const char* kLock = "watchdog.lock";
constexpr const char* kArmLock = "arm.lock";  // one `arm` at a time

bool same_arming(const Arming& a, const Arming& b) {
  return a.armed_boot_ms == b.armed_boot_ms && a.armed_wall_ms == b.armed_wall_ms && a.hard_cap_ms == b.hard_cap_ms &&
         a.idle_ms == b.idle_ms && a.power_off == b.power_off;
}

int64_t beat_ms(const Job& job) {
  struct stat info{};
  if (::fstatat(job.dir.get(), "beat", &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1000000;
}

bool is_training(const Job& job) {
  const PhaseStatus status = phase_status(job, "train");
  return status.state == "running" || status.state == "unsupervised";
}

// The file may be gone or torn while the folder is removed; the watchdog then goes by what it knows.
template <typename T>
T known_or(const std::function<T()>& read, T known) {
  try {
    return read();
  } catch (const Failure&) {
    return known;
  }
}

const char* wait_to_fire(const Job& job, Arming& arming, int64_t look_every_ms) {
  Watchdog watchdog;
  watchdog.arm(arming);
  bool training = false;
  for (;;) {
    training = known_or<bool>([&] { return is_training(job); }, training);
    if (const char* reason = watchdog.look({boot_ms(), wall_ms(), beat_ms(job), training})) return reason;
    ::usleep(static_cast<useconds_t>(look_every_ms * 1000));
    const auto wanted = known_or<std::optional<Arming>>([&] { return Arming::read(job); }, arming);
    if (!wanted || same_arming(*wanted, arming)) continue;
    arming = *wanted;
    watchdog.arm(arming);
  }
}

}  // namespace

std::string Arming::json() const {
  JsonWriter json;
  json.begin_object().member("pid", pid).member("start_time", start_time).member("hard_cap_ms", hard_cap_ms);
  json.member("idle_ms", idle_ms).member("power_off", power_off).member("armed_boot_ms", armed_boot_ms);
  return json.member("armed_wall_ms", armed_wall_ms).member("fired", fired).end_object().str();
}

std::optional<Arming> Arming::read(const Job& job) {
  const auto record = Record::read(job.dir.get(), kFile);
  if (!record) return std::nullopt;
  Arming arming;
  arming.hard_cap_ms = record->integer("hard_cap_ms");
  arming.idle_ms = record->integer("idle_ms");
  arming.power_off = record->boolean("power_off");
  arming.armed_boot_ms = record->integer("armed_boot_ms");
  arming.armed_wall_ms = record->integer("armed_wall_ms");
  arming.pid = record->integer("pid");
  arming.start_time = record->integer("start_time");
  arming.fired = record->text("fired");
  // A training that scribbles over the file must not stop the clock.
  return arming.hard_cap_ms > 0 ? std::optional(arming) : std::nullopt;
}

void Watchdog::arm(const Arming& arming) {
  arming_ = arming;
  last_sign_boot_ms_ = arming.armed_boot_ms;
}

const char* Watchdog::look(const Sight& sight) {
  if (sight.boot_ms - arming_.armed_boot_ms >= arming_.hard_cap_ms ||
      sight.wall_ms - arming_.armed_wall_ms >= arming_.hard_cap_ms)
    return "hard_cap";
  if (sight.training || sight.beat_ms != last_beat_ms_) last_sign_boot_ms_ = sight.boot_ms;
  last_beat_ms_ = sight.beat_ms;
  return arming_.idle_ms > 0 && sight.boot_ms - last_sign_boot_ms_ >= arming_.idle_ms ? "idle" : nullptr;
}

void watch_job(const Job& job, Arming arming, const WatchOptions& options) {
  arming.fired = wait_to_fire(job, arming, options.look_every_ms);
  (void)known_or<bool>(
      [&] {
        write_durable(job.dir.get(), kFile, arming.json());
        return true;
      },
      false);
  (void)known_or<bool>([&] { return stop_job(job, options.grace_ms); }, false);
  while (arming.power_off && !options.power_off()) ::usleep(static_cast<useconds_t>(options.again_ms * 1000));
}

Arming arm_watchdog(const Job& job, const Arming& wanted, const WatchOptions& options) {
  const Descriptor one_at_a_time = hold_lock(job.dir.get(), kArmLock);
  Arming arming = wanted;
  arming.armed_boot_ms = boot_ms();
  arming.armed_wall_ms = wall_ms();
  const auto before = Arming::read(job);
  if (before && before->fired.empty() && is_lock_held(job.dir.get(), kLock)) {
    arming.pid = before->pid;
    arming.start_time = before->start_time;
    write_durable(job.dir.get(), kFile, arming.json());
  } else {
    disarm_watchdog(job);
    start_daemon({job.dir.get()}, [&](const Report& report) {
      const Descriptor alive = hold_lock(job.dir.get(), kLock);
      const auto self = find_process(::getpid());
      arming.pid = ::getpid();
      arming.start_time = self ? self->start_time : 0;
      write_durable(job.dir.get(), kFile, arming.json());
      report();
      watch_job(job, arming, options);
    });
  }
  const auto armed = Arming::read(job);
  if (!armed || armed->armed_boot_ms != arming.armed_boot_ms || !is_lock_held(job.dir.get(), kLock))
    throw Failure(kExitFailed, "the watchdog is not armed: it died or its file was overwritten");
  return *armed;
}

void disarm_watchdog(const Job& job) {
  if (!is_lock_held(job.dir.get(), kLock)) return;
  const auto arming = Arming::read(job);
  if (!arming) throw Failure(kExitFailed, "a watchdog lives, but its file is gone");
  if (const auto process = find_process(static_cast<pid_t>(arming->pid));
      process && process->start_time == arming->start_time)
    send_signal(*process, SIGKILL);
  for (int tries = 0; is_lock_held(job.dir.get(), kLock); ++tries) {
    if (tries == 100) throw Failure(kExitFailed, "the watchdog " + std::to_string(arming->pid) + " did not end");
    ::usleep(20'000);
  }
}

void touch_beat(const Job& job) {
  const Descriptor beat = open_at(job.dir.get(), "beat", O_WRONLY | O_CREAT | O_NOFOLLOW);
  if (!beat || ::futimens(beat.get(), nullptr) != 0) throw system_failure("touch beat");
}

}  // namespace stoker::runner
