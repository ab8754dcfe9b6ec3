#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "core/cli/command.h"
#include "core/cli/plain_text.h"
#include "core/cli/silent_log.h"
#include "core/private_file.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;

struct Finding {
  std::string what;
  bool ok = true;
  std::string detail, hint;
};
using Findings = std::vector<Finding>;

constexpr uint64_t kLowDisk = 5ULL << 30;  // artifacts of one small fine-tuning

void check_folder(Findings& findings, const std::string& what, const fs::path& folder) {
  if (!fs::exists(folder)) {
    findings.push_back({what, true, folder.string() + " (made when needed)", {}});
    return;
  }
  try {
    require_private(folder);
    findings.push_back({what, true, folder.string(), {}});
  } catch (const Error& e) {
    findings.push_back({what, false, e.what(), e.hint});
  }
}

void check_files(Findings& findings, const fs::path& state_dir) {
  for (const char* name : {"token", "stoker.db", "lock"}) {
    const fs::path file = state_dir / name;
    if (!fs::exists(file)) continue;
    try {
      require_private(file);
    } catch (const Error& e) {
      findings.push_back({name, false, e.what(), e.hint});
    }
  }
}

void check_disk(Findings& findings, fs::path folder) {
  while (!fs::exists(folder) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return;
  const uint64_t free = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  const std::string detail = std::to_string(free >> 30) + " GiB free at " + folder.string();
  findings.push_back({"disk space", free >= kLowDisk, detail,
                      free >= kLowDisk ? "" : "make room, or move the state with STOKER_STATE_DIR"});
}

// sshd lies outside of most users' PATH.
std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "") + ":/usr/sbin:/usr/bin:/usr/local/sbin";
  for (size_t at = 0; at < folders.size();) {
    const size_t end = std::min(folders.find(':', at), folders.size());
    const std::string file = folders.substr(at, end - at) + "/" + name;
    if (end > at && ::access(file.c_str(), X_OK) == 0) return file;
    at = end + 1;
  }
  return {};
}

void check_programs(Findings& findings) {
  for (const char* name : {"sshd", "ssh-keygen"}) {
    const std::string file = find_program(name);
    findings.push_back({name, !file.empty(), file.empty() ? "not found; the local provider needs it" : file,
                        file.empty() ? "run: apt-get install openssh-server openssh-client" : ""});
  }
}

void check_runners(Findings& findings, const fs::path& folder) {
  for (const char* name : {"stoker-runner-x86_64", "stoker-runner-aarch64"}) {
    const fs::path file = folder / name;
    const bool ok = ::access(file.c_str(), R_OK) == 0;
    findings.push_back({name, ok, ok ? file.string() : "not found in " + folder.string(),
                        ok ? "" : "install Stoker again; without it machines of that kind can't be used"});
  }
}

void check_plugins(Findings& findings, Invocation& call) {
  SilentLog log;
  const plugin_host::Registry registry(call.settings().plugins, call.clock, log);
  for (const auto& plugin : registry.list()) {
    if (!plugin.enabled) continue;
    const std::string hint = plugin.loaded ? "" : "mend that, or run: stoker plugins disable " + plugin.id;
    findings.push_back(
        {"plugin " + plugin.id, plugin.loaded, plugin.loaded ? plugin.path.string() : plugin.reason, hint});
  }
}

void check_agent(Findings& findings, Invocation& call) {
  try {
    const bool answers = call.agent().answers();
    findings.push_back({"agent", true, answers ? "answers" : "not running; `stoker run` starts one", {}});
  } catch (const Error& e) {
    findings.push_back({"agent", false, e.what(), e.hint});
  }
}

Findings examine(Invocation& call) {
  Findings findings;
  try {
    const Settings& settings = call.settings();
    findings.push_back({"configuration",
                        true,
                        settings.config_file.string() + (fs::exists(settings.config_file) ? "" : " (absent: defaults)"),
                        {}});
  } catch (const Error& e) {
    // Where the folders are is not known then.
    findings.push_back({"configuration", false, e.what(), e.hint});
    check_programs(findings);
    return findings;
  }
  check_folder(findings, "state folder", call.settings().state_dir);
  check_files(findings, call.settings().state_dir);
  check_disk(findings, call.settings().state_dir);
  check_programs(findings);
  check_runners(findings, call.settings().runners);
  check_plugins(findings, call);
  check_agent(findings, call);
  return findings;
}

int run(Invocation& call) {
  const Findings findings = examine(call);
  bool ok = true;
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const auto& finding : findings) {
    ok = ok && finding.ok;
    if (!call.json) {
      call.out << (finding.ok ? "ok       " : "problem  ") << finding.what << ": " << printable(finding.detail) << "\n";
      if (!finding.hint.empty()) call.out << "         hint: " << printable(finding.hint) << "\n";
    }
    out.begin_object().member("what", to_utf8(finding.what)).member("ok", finding.ok);
    out.member("detail", to_utf8(finding.detail)).member("hint", to_utf8(finding.hint)).end_object();
  }
  if (call.json) call.out << out.end_array().end_object().str() << "\n";
  return ok ? kDone : kFailed;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "Check that all is there that Stoker needs, and say what to do", {}, {},
          run,      "0  all is well\n  1  there are problems\n  2  bad usage"};
}

}  // namespace stoker::cli
