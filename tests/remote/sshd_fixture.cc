#include "tests/remote/sshd_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/private_file.h"

extern char** environ;

namespace stoker::remote {
namespace {

int spawn(const std::vector<std::string>& words, int output) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, 1);
  pid_t pid = -1;
  const int failure = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("can not start " + words[0]);
  return pid;
}

bool accepts(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool yes = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return yes;
}

std::vector<int> children_of(int parent) {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "stat");
    std::string stat;
    std::getline(file, stat);  // unlike an iterator it does not throw when the process ends meanwhile
    const size_t close = stat.rfind(')');
    if (close == std::string::npos) continue;
    std::istringstream rest(stat.substr(close + 2));
    char state = 0;
    int ppid = 0;
    rest >> state >> ppid;
    if (ppid == parent && state != 'Z') found.push_back(std::stoi(name));
  }
  return found;
}

}  // namespace

std::string run_program(const std::vector<std::string>& words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const int pid = spawn(words, ends[1]);
  ::close(ends[1]);
  std::string output;
  char buffer[4096];
  ssize_t got;
  while ((got = ::read(ends[0], buffer, sizeof buffer)) > 0) output.append(buffer, static_cast<size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return output;
}

int listen_locally(uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 16) != 0)
    throw std::runtime_error("listen");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

bool eventually(const std::function<bool()>& condition) {
  for (int round = 0; round < 2000; ++round) {
    if (condition()) return true;
    ::usleep(5000);
  }
  return condition();
}

Sshd::Sshd(const std::vector<std::string>& options, const std::string& host_key_type) {
  std::string name = std::filesystem::temp_directory_path() / "stoker-sshd-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = name;
  user_ = ::getpwuid(::geteuid())->pw_name;
  if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
  run_program({"ssh-keygen", "-q", "-t", host_key_type, "-N", "", "-f", folder_ / "host"});
  host_key_ = read_file(folder_ / "host.pub");
  write_private_file(folder_ / "authorized_keys", user_key.public_key + "\n");
  // The port may be taken between our look and sshd's: then the next one.
  for (int attempt = 0; attempt < 5 && pid_ < 0; ++attempt) start(options);
  if (pid_ < 0) throw std::runtime_error("sshd does not start: " + log());
}

void Sshd::start(const std::vector<std::string>& options) {
  ::close(listen_locally(port_));
  std::vector<std::string> words = {
      "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-E", folder_ / "log", "-p", std::to_string(port_), "-h",
      folder_ / "host"};
  std::vector<std::string> all = {"ListenAddress=127.0.0.1", "PidFile=none", "StrictModes=no", "UsePAM=no",
                                  // Debian's bash reads ~/.bashrc under sshd, but not as a shell within a shell; what
                                  // stands there is none of a test's business.
                                  "SetEnv=SHLVL=1", "MaxStartups=200", "LogLevel=DEBUG1",
                                  "AuthorizedKeysFile=" + (folder_ / "authorized_keys").string()};
  all.insert(all.begin(), options.begin(), options.end());
  for (const std::string& option : all) {
    words.emplace_back("-o");
    words.push_back(option);
  }
  pid_ = spawn(words, -1);
  const bool up = eventually([&] { return ::waitpid(pid_, nullptr, WNOHANG) != 0 || accepts(port_); });
  if (!up || ::kill(pid_, 0) != 0) pid_ = -1;
}

Sshd::~Sshd() {
  end();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Sshd::end() const {
  if (pid_ < 0) return;
  cut_sessions();
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Sshd::cut_sessions() const {
  for (const int monitor : children_of(pid_)) {
    for (const int served : children_of(monitor)) ::kill(served, SIGKILL);
    ::kill(monitor, SIGKILL);
  }
}

bool Sshd::serving() const { return !children_of(pid_).empty(); }

Target Sshd::target() const { return {"127.0.0.1", port_, user_, user_key.private_key, host_key_}; }

std::string Sshd::log() const {
  std::ifstream file(folder_ / "log");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace stoker::remote
