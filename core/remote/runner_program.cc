#include "core/remote/runner_program.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/private_file.h"
#include "core/remote/shell_words.h"
#include "core/utf8.h"

namespace stoker::remote {
namespace {

constexpr size_t kMaxProgram = 64 << 20, kMaxAnswer = 64 << 10;

struct Architecture {
  const char* name;
  std::array<const char*, 2> machines;  // as uname -m says
};
constexpr Architecture kArchitectures[] = {{"x86_64", {"x86_64", "amd64"}}, {"aarch64", {"aarch64", "arm64"}}};

struct Program {
  std::string bytes, sha256;
};

// clang-format off: it takes the scripts for C++
// Both scripts are for any POSIX sh. A folder outside the home must be ours: in /tmp anyone may make the name first.
// Where sha256sum is missing the size must fit and the program must run.
constexpr const char* kFunctions = R"sh(umask 077
u=$(id -u)
ours() { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; }
right() {
  [ -f "$1" ] && [ "$(wc -c < "$1" | tr -d ' ')" = "$3" ] || return 1
  if command -v sha256sum > /dev/null 2>&1; then
    [ "$(sha256sum < "$1" | cut -d' ' -f1)" = "$2" ] || return 1
  fi
  "$1" version > /dev/null 2>&1
}
)sh";

// $1 the job folder's name, then MACHINE SHA256 SIZE.
constexpr const char* kProbe = R"sh(job=$1; shift
m=$(uname -m)
echo "stoker-machine=$m"
while [ $# -ge 3 ]; do
  if [ "$1" = "$m" ]; then
    for d in "$HOME/.stoker" "/tmp/.stoker-$u" "/dev/shm/.stoker-$u"; do
      ours "$d" && right "$d/$2/stoker-runner" "$2" "$3" && echo "stoker-program=$d/$2/stoker-runner" && break
    done
  fi
  shift 3
done
for d in "$HOME/.stoker" "/tmp/.stoker-$u" "/dev/shm/.stoker-$u"; do
  ours "$d" && [ -d "$d/jobs/$job" ] && echo "stoker-job=$d/jobs/$job" && exit 0
done
for d in "$HOME/.stoker" "/tmp/.stoker-$u" "/dev/shm/.stoker-$u"; do
  mkdir -p "$d" && ours "$d" && chmod 700 "$d" && mkdir -p "$d/jobs/$job/work" "$d/jobs/$job/artifacts" || continue
  echo "stoker-job=$d/jobs/$job"
  exit 0
done
exit 1
)sh";

// $1 number of the root, $2 SHA-256, $3 size; the program on standard input.
constexpr const char* kReceive =
    R"sh(case $1 in 0) d=$HOME/.stoker;; 1) d=/tmp/.stoker-$u;; *) d=/dev/shm/.stoker-$u;; esac
t=$d/$2/.stoker-runner.$$
mkdir -p "$d" && ours "$d" && chmod 700 "$d" && mkdir -p "$d/$2" && cat > "$t" && chmod 700 "$t" || { rm -f "$t"; exit 1; }
right "$t" "$2" "$3" || { rm -f "$t"; echo "$d does not run programs or damaged it" >&2; exit 1; }
mv -f "$t" "$d/$2/stoker-runner" && echo "stoker-program=$d/$2/stoker-runner"
)sh";
// clang-format on
constexpr int kRoots = 3;

Program read_program(const std::filesystem::path& file) {
  Program program{read_file(file, kMaxProgram), {}};
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(program.bytes.data()), program.bytes.size());
  char text[2 * sizeof digest + 1];
  program.sha256 = sodium_bin2hex(text, sizeof text, digest, sizeof digest);
  return program;
}

struct Answer {
  ExecResult end;
  std::string text;

  // The value of a line "stoker-NAME=VALUE"; what the login's own start files print around it does not matter.
  [[nodiscard]] std::string value(std::string_view name) const {
    const std::string key = "stoker-" + std::string(name) + "=";
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      if (text.compare(at, key.size(), key) == 0) return text.substr(at + key.size(), end - at - key.size());
      at = end + 1;
    }
    return {};
  }
};

Answer run_script(Session& session, const char* script, const std::vector<std::string>& arguments,
                  const std::string* input, const Wait& wait) {
  Answer answer;
  size_t sent = 0;
  Exec exec;
  exec.command = "exec sh -c " + shell_quote(std::string(kFunctions) + script) + " stoker";
  for (const std::string& argument : arguments) exec.command += " " + shell_quote(argument);
  exec.output = [&](std::string_view bytes) {
    answer.text.append(bytes.substr(0, kMaxAnswer - std::min(kMaxAnswer, answer.text.size())));
    return true;
  };
  if (input != nullptr)
    exec.input = [&](char* to, size_t size) {
      const size_t count = input->copy(to, size, sent);
      return sent += count, count;
    };
  answer.end = session.exec(exec, wait);
  return answer;
}

std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of("\r\n");
  if (end == std::string::npos) return "no reason given";
  const size_t begin = text.find_last_of("\r\n", end);
  const size_t first = begin == std::string::npos ? 0 : begin + 1;
  return to_utf8(text.substr(first, std::min<size_t>(end + 1 - first, 500)));
}

bool is_absolute(const std::string& path) { return path.starts_with('/') && path.size() < 4096; }

}  // namespace

InstalledRunner install_runner(Session& session, const std::filesystem::path& runners, const std::string& job_folder,
                               const Wait& wait) {
  std::vector<std::string> arguments = {job_folder};
  std::vector<std::pair<std::string, Program>> programs;  // by what uname -m says
  for (const Architecture& architecture : kArchitectures) {
    const std::filesystem::path file = runners / (std::string("stoker-runner-") + architecture.name);
    if (!std::filesystem::exists(file)) continue;
    const Program program = read_program(file);
    for (const char* machine : architecture.machines) {
      arguments.insert(arguments.end(), {machine, program.sha256, std::to_string(program.bytes.size())});
      programs.emplace_back(machine, program);
    }
  }
  if (programs.empty())
    throw Error(Fault::not_found, "no stoker-runner for any machine in " + runners.string(), "install stoker again");

  const Answer probe = run_script(session, kProbe, arguments, nullptr, wait);
  const std::string machine = to_utf8(probe.value("machine").substr(0, 64));
  const auto program = std::ranges::find(programs, machine, &std::pair<std::string, Program>::first);
  if (machine.empty())
    throw Error(Fault::unavailable, "the machine does not run our shell script: " + last_line(probe.end.error_tail));
  if (program == programs.end()) {
    std::string known;
    for (const auto& [name, unused] : programs) known += (known.empty() ? "" : ", ") + name;
    throw Error(Fault::unsupported,
                "the machine is of architecture \"" + machine + "\"; stoker-runner is there for " + known);
  }
  InstalledRunner installed{probe.value("program"), probe.value("job")};
  if (!is_absolute(installed.job_path))
    throw Error(Fault::unavailable, "can not make the job folder on the machine: " + last_line(probe.end.error_tail),
                "the home folder, /tmp or /dev/shm must be writable and have space");
  Answer received;
  for (int root = 0; root < kRoots && !is_absolute(installed.program); ++root) {
    const Program& ours = program->second;
    received = run_script(session, kReceive, {std::to_string(root), ours.sha256, std::to_string(ours.bytes.size())},
                          &ours.bytes, wait);
    installed.program = received.value("program");
  }
  if (!is_absolute(installed.program))
    throw Error(Fault::unavailable,
                "can not install stoker-runner on the machine: " + last_line(received.end.error_tail),
                "the home folder, /tmp or /dev/shm must allow programs (no noexec) and have space");
  return installed;
}

}  // namespace stoker::remote
