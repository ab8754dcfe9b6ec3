#include "core/cli/ssh_client.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "core/cli/interrupt.h"
#include "core/cli/json_reader.h"
#include "core/error.h"
#include "core/private_file.h"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLookMs = 50;

// A folder of our own, in memory where the login has such a place.
class PrivateFolder {
 public:
  PrivateFolder() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::error_code error;
    const bool usable = runtime != nullptr && fs::is_directory(runtime, error);
    std::string name = (usable ? fs::path(runtime) : fs::temp_directory_path()) / "stoker-ssh-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw system_error("can not make a folder like " + name, errno);
    path_ = name;
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const char* name, const std::string& content) const {
    write_private_file(path_ / name, content);
    return path_ / name;
  }

 private:
  fs::path path_;
};

std::string find_ssh() {
  const char* path = std::getenv("PATH");
  const std::string folders = path != nullptr ? path : "/usr/bin:/bin";
  for (size_t start = 0; start <= folders.size();) {
    const size_t end = std::min(folders.find(':', start), folders.size());
    const std::string program = folders.substr(start, end - start) + "/ssh";
    if (end > start && ::access(program.c_str(), X_OK) == 0) return program;
    start = end + 1;
  }
  throw Error(Fault::unsupported, "there is no ssh on this computer",
              "install an SSH client (Debian: apt install openssh-client)");
}

// Nothing of the user's own configuration: neither their keys nor the hosts they know are meant.
std::vector<std::string> words_of(const std::string& program, const Json& access, const PrivateFolder& folder) {
  const std::string host_key = access["host_public_key"].text();
  if (host_key.starts_with("SHA256:"))
    throw Error(Fault::unsupported, "only the fingerprint of the instance's host key is known, which ssh can not check",
                "give the account the whole host key");
  const std::string alias = access["id"].text();
  std::vector<std::string> words = {
      program, "-F", "/dev/null", "-p", std::to_string(*access["port"].integer()), "-l", access["user"].text()};
  for (const std::string& option :
       {"IdentityFile=" + folder.file("key", access["private_key"].text()), std::string("IdentitiesOnly=yes"),
        std::string("IdentityAgent=none"), "UserKnownHostsFile=" + folder.file("hosts", alias + " " + host_key + "\n"),
        std::string("GlobalKnownHostsFile=/dev/null"), "HostKeyAlias=" + alias,
        std::string("StrictHostKeyChecking=yes"), std::string("UpdateHostKeys=no"), std::string("CheckHostIP=no"),
        std::string("PreferredAuthentications=publickey"), std::string("ServerAliveInterval=15"),
        std::string("ExitOnForwardFailure=yes"), std::string("LogLevel=ERROR")}) {
    words.emplace_back("-o");
    words.push_back(option);
  }
  return words;
}

pid_t spawn(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int fault = ::posix_spawn(&pid, argv[0], nullptr, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (fault != 0) throw system_error("can not start " + words[0], fault);
  return pid;
}

// A shell does not need the agent: it may be away.
void tell(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error&) {
  }
}

}  // namespace

int run_ssh(Invocation& call, const std::string& instance, const std::vector<std::string>& arguments,
            const std::vector<std::string>& command, bool until_interrupted) {
  const std::string program = find_ssh();
  const AgentClient agent = call.agent();
  const std::string path = "/v1/instances/" + instance;
  const Interrupts interrupt({SIGINT}), end({SIGTERM, SIGHUP});
  const PrivateFolder folder;
  const Json access = Json::parse(agent.post(path + "/access", ""), "the answer");
  std::vector<std::string> words = words_of(program, access, folder);
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.push_back(access["host"].text());
  words.insert(words.end(), command.begin(), command.end());
  const pid_t pid = spawn(words);
  bool interrupted = false;
  int status = 0;
  int64_t held_ms = call.clock.mono_ms();
  while (::waitpid(pid, &status, WNOHANG) != pid) {
    if (interrupt.taken()) interrupted = true, ::kill(pid, SIGINT);
    if (end.taken()) interrupted = true, ::kill(pid, SIGTERM);
    if (call.clock.mono_ms() - held_ms >= kMinute) {
      held_ms = call.clock.mono_ms();
      tell([&] { agent.post(path + "/hold", ""); });
    }
    call.clock.sleep(kLookMs, {});
  }
  tell([&] { agent.remove(path + "/hold"); });
  if (interrupted && until_interrupted) return kDone;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

}  // namespace stoker::cli
