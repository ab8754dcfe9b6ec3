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

}  // namespace stoker::fleet
