#include "core/fleet/user_data.h"

#include <fmt/format.h>

namespace stoker::fleet {
namespace {

std::string indented(const std::string& text, int spaces) {
  std::string out;
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    if (end > start) out += fmt::format("{:{}}{}\n", "", spaces, text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

}  // namespace

std::string render_user_data(const UserData& data) {
  std::string out =
      "#cloud-config\nssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n" + indented(data.host_private_key, 4);
  out += "  ed25519_public: " + data.host_public_key + "\nssh_authorized_keys:\n";
  for (size_t start = 0; start < data.authorized_keys.size();) {
    size_t end = data.authorized_keys.find('\n', start);
    if (end == std::string::npos) end = data.authorized_keys.size();
    if (end > start) out += "  - " + data.authorized_keys.substr(start, end - start) + "\n";
    start = end + 1;
  }
  if (data.boot_grace)
    out += fmt::format("bootcmd:\n  - [sh, -c, \"test -e /run/stoker-armed || shutdown -P +{}\"]\n", kBootGraceMinutes);
  return out;
}

// An sshd that runs already reads the key anew. Restarts of the machine find the flag of its arming, and the deadline.
std::string render_start_script(const UserData& data) {
  std::string out = "#!/bin/sh\numask 077\nmkdir -p /etc/ssh /root/.ssh\nrm -f /etc/ssh/ssh_host_*\n";
  out += "cat >/etc/ssh/ssh_host_ed25519_key <<'END'\n" + indented(data.host_private_key, 0) + "END\n";
  out += "echo '" + data.host_public_key + "' >/etc/ssh/ssh_host_ed25519_key.pub\n";
  out += "cat >>/root/.ssh/authorized_keys <<'END'\n" + indented(data.authorized_keys, 0) + "END\n";
  out +=
      "for comm in /proc/[0-9]*/comm; do\n"
      "  read -r name <$comm && [ \"$name\" = sshd ] && kill -HUP \"$(echo $comm | tr -dc 0-9)\"\n"
      "done 2>/dev/null\n";
  if (!data.boot_grace) return out;
  std::string may_live = "[ -e /run/stoker-armed ]";
  if (data.deadline_ms > 0) may_live += fmt::format(" && [ \"$(date +%s)\" -lt {} ]", data.deadline_ms / 1000);
  return out + fmt::format(
                   "(\nsleep {}\nwhile :; do\n  {} || /usr/local/sbin/stoker-off\n  sleep 60\ndone\n) >/dev/null "
                   "2>&1 &\n",
                   kBootGraceMinutes * 60, may_live);
}

}  // namespace stoker::fleet
