#include "plugins/local/sshd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <shadow.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stoker/cpp/failure.hpp>
#include <vector>

#include "plugins/record/record.h"

namespace stoker::local {
namespace {

constexpr std::size_t kMaxLogBytes = 64 * 1024;

std::string quoted(const std::filesystem::path& path) { return "\"" + path.string() + "\""; }

}  // namespace

std::string mark_of(const InstanceFiles& files) { return "STOKER_INSTANCE_FOLDER=" + files.folder.string(); }

bool writable_in_config(std::string_view path) {
  return !path.empty() && path.find_first_of("\"'\\%$`\n\r\t") == std::string_view::npos;
}

std::string sshd_config(const InstanceFiles& files, std::string_view token, std::uint16_t port, std::string_view user,
                        std::string_view path) {
  std::string environment = "SetEnv \"HOME=" + files.home().string() + "\" STOKER_INSTANCE=" + std::string(token) +
                            " \"" + mark_of(files) + "\"";
  if (writable_in_config(path)) environment += " \"PATH=" + std::string(path) + "\"";
  return "ListenAddress 127.0.0.1\n"
         "Port " +
         std::to_string(port) +
         "\n"
         "HostKey " +
         quoted(files.host_key()) +
         "\n"
         "AuthorizedKeysFile " +
         quoted(files.authorized_keys()) +
         "\n"
         "AllowUsers " +
         std::string(user) +
         "\n"
         "AuthenticationMethods publickey\n"
         "PasswordAuthentication no\n"
         "KbdInteractiveAuthentication no\n"
         "HostbasedAuthentication no\n"
         "PermitRootLogin prohibit-password\n"
         "UsePAM no\n"
         "StrictModes no\n"  // the folders above are the user's business; the instance's own is 0700
         "AcceptEnv none\n"
         "PermitUserEnvironment no\n"
         "PermitUserRC no\n"
         "X11Forwarding no\n"
         "AllowAgentForwarding no\n"
         "GatewayPorts no\n"
         "PermitTunnel no\n"
         "MaxSessions 100\n"
         "MaxStartups 100\n"
         "ClientAliveInterval 30\n"
         "ClientAliveCountMax 4\n"
         "PidFile none\n"
         "PrintMotd no\n"
         "PrintLastLog no\n"
         "UseDNS no\n"
         "LogLevel INFO\n"
         "Subsystem sftp internal-sftp\n" +
         environment +
         "\n"
         "ForceCommand /bin/sh '" +
         files.enter().string() + "'\n";
}

std::string enter_script() {
  return "cd -- \"$HOME\" || exit 1\n"
         "case ${SSH_ORIGINAL_COMMAND-} in\n"
         "  '') exec \"$SHELL\" -l ;;\n"
         "  internal-sftp|internal-sftp\\ *)\n"
         "    for server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server; "
         "do\n"
         "      [ -x \"$server\" ] && exec \"$server\"\n"
         "    done\n"
         "    echo 'sftp-server is not installed' >&2\n"
         "    exit 127 ;;\n"
         "  *) exec \"$SHELL\" -c \"$SSH_ORIGINAL_COMMAND\" ;;\n"
         "esac\n";
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool found = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!found) throw Failure{STOKER_E_UNAVAILABLE, "found no free port on 127.0.0.1"};
  return ntohs(address.sin_port);
}

bool listening(const std::filesystem::path& log, std::uint16_t port, bool& taken) {
  const auto text = record::read_text(log, kMaxLogBytes).value_or("");
  taken = text.find("Address already in use") != std::string::npos;
  return text.find("Server listening on 127.0.0.1 port " + std::to_string(port)) != std::string::npos;
}

std::string last_line(const std::filesystem::path& log) {
  auto text = record::read_text(log, kMaxLogBytes).value_or("");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::string login_user() {
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    throw Failure{STOKER_E_UNSUPPORTED, "user " + std::to_string(::geteuid()) + " has no entry in /etc/passwd"}.hint(
        "run the agent as a user with an account");
  }
  const std::string user = found->pw_name;
  const std::string shell = found->pw_shell == nullptr || *found->pw_shell == '\0' ? "/bin/sh" : found->pw_shell;
  const std::string shell_name = std::filesystem::path(shell).filename();
  if (shell_name == "nologin" || shell_name == "false" || ::access(shell.c_str(), X_OK) != 0) {
    throw Failure{STOKER_E_UNSUPPORTED, "the login shell of " + user + " is " + shell + ", which runs no commands"}
        .hint("chsh -s /bin/sh " + user);
  }
  // Without PAM, sshd refuses an account whose password is locked. Only root can look.
  spwd shadow{};
  spwd* shadow_found = nullptr;
  std::vector<char> shadow_buffer(16 * 1024);
  if (::getspnam_r(user.c_str(), &shadow, shadow_buffer.data(), shadow_buffer.size(), &shadow_found) == 0 &&
      shadow_found != nullptr && shadow_found->sp_pwdp != nullptr && shadow_found->sp_pwdp[0] == '!') {
    throw Failure{STOKER_E_UNSUPPORTED, "the account " + user + " is locked, so sshd refuses its logins"}.hint(
        "usermod -p '*' " + user);
  }
  return user;
}

}  // namespace stoker::local
