// What the agent and stoker-runner say to each other. The runner is a static program on the instance, started by SSH
// exec; its commands talk over standard input and output. All integers are little-endian.
//
// Files of a job, in ~/.stoker/jobs/<job>-<attempt>/ (0700), called JOBDIR below:
//   spec.json        what to run, see below; written by the agent through `receive`
//   work/            the training's working directory: inputs, code, outputs
//   artifacts/       always collected; its path is in $STOKER_ARTIFACTS
//   log              O_APPEND, opened by the training itself; setup and train share it
//   <phase>.lock     flock held by the phase's supervisor for its life: liveness without pids
//   <phase>.started  fsynced before the fork: a command never starts twice
//   <phase>.pid      {"pid":N,"start_time":T,"boot_id":"...","runner_pid":N,"runner_start_time":T}
//   <phase>.exit     {"code":N} or {"signal":N}, with "log_bytes":N,"ended_ms":N; temp name, fsync, rename, fsync of
//                    the folder
//   secrets          the path of a 0600 file on tmpfs holding NAME=VALUE entries, each ended by NUL
//   beat             its mtime is the last sign of life of an agent
//   watchdog         {"pid":N,"hard_cap_ms":N,"idle_ms":N,...,"fired":"hard_cap"|"idle"|""} as armed
//   start.lock, arm.lock, watchdog.lock   one starter, one armer, the life of the watchdog
// <phase> is `setup` or `train`.
//
// spec.json: {"job":"...","attempt":N,"phases":{"setup":{"command":"..."},"train":{"command":"..."}},"env":{"K":"V"}}
// A command runs as `/bin/bash -c COMMAND` (sh where there is no bash) in JOBDIR/work, in its own session and process
// group, standard input from /dev/null, standard output and error appended to JOBDIR/log. Its environment, the first of
// a name counting: STOKER_JOB_FOLDER (JOBDIR, symlinks resolved: the mark by which `stop` finds what has left the
// session), STOKER_JOB_ID, STOKER_ATTEMPT, STOKER_ARTIFACTS, the secrets, env, PYTHONUNBUFFERED=1, the login's own.
//
// Commands. Exit code 0 and JSON on standard output unless said otherwise. On failure: an exit code from below, and one
// line on standard error, "stoker-runner: what failed".
//
//   version
//       {"runner":"0.1.0","protocol":1,"arch":"x86_64"}
//   have --root DIR
//       Input: paths, each ended by NUL. Output: a line for each path that exists whole or in part:
//       {"path":"...","size":N,"xxh3":"16 hex","partial":bool}. A whole file hides its part.
//   receive --root DIR
//       Input: frames, below. Output: {"files":N,"bytes":N}. DIR and its parents are made where missing.
//   secrets --job JOBDIR
//       Input: NAME=VALUE NUL ... Writes the tmpfs file, in place of one before; {"stored":N}, 0 once train was
//       started. A machine may remove the file at logout: `start` then refuses (kExitFailed), and they must be stored
//       again.
//   start --job JOBDIR --phase P
//       Returns once the command is running or has been refused; output as `status`, with kExitAlready too.
//   status --job JOBDIR --phase P
//       {"state":S,"pid":N,"start_time":T,"boot_id":"...","exit":{"code":N}|{"signal":N},"log_bytes":N,"log_size":N,
//       "ended_ms":N}; "exit" only with S exited. S: absent (never started), running, unsupervised (training lives,
//       supervisor died), exited, lost (ended, code unknown), rebooted (ended with the machine).
//   stop --job JOBDIR [--grace-ms N]
//       INT, after N TERM, after N KILL, to everything of the job in all phases, escaped daemons included; removes the
//       secrets file; {"stopped":bool}, false when something outlived KILL.
//   tail --job JOBDIR --phase P --from OFFSET [--follow]
//       Output: tail frames, below. With --follow it ends when its input or output is closed: keep the input open.
//   manifest --job JOBDIR
//       Input: patterns, each ended by NUL: globs relative to work/; `*` and `?` stay within a name, `**` is folders at
//       any depth, a trailing '/' means all below, hidden names are names. Output: a line for each regular file,
//       sorted:
//       {"path":"...","size":N,"mtime_ms":N,"xxh3":"..."}; files of artifacts/ come as "artifacts/...", those of work/
//       as they are named in it. Symlinks are neither followed nor listed. The last line, always there, so that a list
//       cut short is seen: {"files":N,"refused":N}; refused counts what was left out: names that are not UTF-8, have
//       control characters, are over 1024 bytes or deeper than 16; unreadable files and folders.
//   send --job JOBDIR --path P --from OFFSET
//       The raw bytes of that file, path as in manifest.
//   arm --job JOBDIR --hard-cap-ms N --idle-ms N --power-off 0|1
//       Starts or re-arms the watchdog. Both times count from this call; idle 0 is never, the hard cap is over 0.
//       Refuses power-off 1 where the environment has STOKER_INSTANCE: that machine is the user's own. As read back:
//       {"armed":true,"hard_cap_ms":N,"idle_ms":N,"power_off":bool,"root":bool}
//   beat --job JOBDIR
//       Touches `beat`; {}
//   clean --job JOBDIR
//       Stops everything of the job, the watchdog included, then removes JOBDIR, which must lie in a folder `jobs`; {}.
//       A JOBDIR that is not there is clean.
#pragma once

#include <cstdint>

namespace stoker::runner {

constexpr int kProtocol = 1;

// `receive` input: kReceiveMagic, then file frames, then one byte kFrameEnd.
// A file frame: kFrameFile u8, path length u16, path, mode u32 (0644 or 0755), size u64, offset u64, then size - offset
// bytes, then the XXH3-64 of the whole file u64. Bytes go to PATH.part beneath DIR (no symlink is followed, no path
// leaves DIR); when the hash is right the file is renamed. A hash that does not fit: exit kExitHash, .part removed.
// Files become 0600 or 0700, folders 0700. Paths: see beneath.h; names that end in ".part" are refused. An offset
// beyond what PATH.part holds: kExitFailed; ask `have` again. The answer comes once all files are on the disk. Of a
// stream that was cut off, a file may be whole by name and not on the disk: after a power cut only the hash that `have`
// takes tells.
constexpr char kReceiveMagic[] = "STKR1\n";
constexpr uint8_t kFrameFile = 1, kFrameEnd = 0;

// `tail` output frames: type u8, payload length u32, payload.
constexpr uint8_t kTailData = 'D';  // offset u64, then bytes of the log
constexpr uint8_t kTailBeat = 'H';  // empty; at least every kTailBeatMs while nothing else is sent
// from u64, to u64: bytes of the log that are gone, because somebody cut it to `from`. Offsets go on from where they
// were: what is written again below that is not sent.
constexpr uint8_t kTailGap = 'G';
constexpr uint8_t kTailExit = 'E';  // the JSON of `status`, once the phase has ended and the log was sent to log_bytes
constexpr int64_t kTailBeatMs = 5000;
constexpr uint32_t kTailMaxPayload = 256 * 1024 + 8;

// Exit codes beside 0.
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitHash = 74;
constexpr int kExitUnsafePath = 75;
constexpr int kExitAlready = 76;  // start: this phase was started before (status says what became of it)
constexpr int kExitDiskFull = 77;

}  // namespace stoker::runner
