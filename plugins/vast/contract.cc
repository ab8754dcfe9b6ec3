#include "plugins/vast/contract.h"

#include <algorithm>
#include <charconv>
#include <stoker/cpp/json_writer.hpp>

#include "plugins/vast/ask.h"

namespace stoker::vast {
namespace {

constexpr char kImage[] = "vastai/pytorch:@vastai-automatic-tag";  // the tag that suits the host's driver
constexpr std::size_t kMaxScript = 4048;

// Before the agent's own script: no tmux at a login, and what ends this machine, with the key that the container has to
// itself and that only its start script is told.
constexpr char kScript[] = R"(#!/bin/sh
umask 077
touch /root/.no_auto_tmux
mkdir -p /usr/local/sbin
cat >/usr/local/sbin/stoker-off <<END
#!/bin/sh
key=$CONTAINER_API_KEY
url=https://console.vast.ai/api/v0/instances/$CONTAINER_ID/
END
cat >>/usr/local/sbin/stoker-off <<'END'
tell() { echo "Authorization: Bearer $key"; }
if [ "$1" = -n ]; then
  [ -n "$key" ] && { command -v curl || command -v python3; }
else
  tell | curl -fsS -X DELETE -H @- "$url" || tell | python3 -c 'import sys, urllib.request as u
h = dict([sys.stdin.read().strip().split(": ")])
u.urlopen(u.Request(sys.argv[1], headers=h, method="DELETE"))' "$url"
fi
END
chmod 700 /usr/local/sbin/stoker-off
)";

// What a host says when the container will never run.
constexpr const char* kHopeless[] = {"manifest unknown", "pull access denied", "failed to create", "no space left on",
                                     "error response from daemon"};

bool is_hopeless(std::string message) {
  std::transform(message.begin(), message.end(), message.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(std::begin(kHopeless), std::end(kHopeless),
                     [&](const char* one) { return message.find(one) != std::string::npos; });
}

std::int32_t state_of(const Json& contract) {
  const std::string status = contract["actual_status"].text();
  // The contract's side: outbid, out of credit, or made by a create that was refused.
  if (contract["intended_status"].text() == "stopped" && contract["cur_state"].text() == "stopped")
    return STOKER_INSTANCE_STOPPED;
  if (status == "running") return STOKER_INSTANCE_RUNNING;
  if (status == "stopped") return STOKER_INSTANCE_STOPPED;
  if (status == "exited") return STOKER_INSTANCE_FAILED;
  const bool boots = status.empty() || status == "created" || status == "loading" || status == "rebooting";
  if (boots && is_hopeless(contract["status_msg"].text())) return STOKER_INSTANCE_FAILED;
  return boots ? STOKER_INSTANCE_PENDING : STOKER_INSTANCE_UNKNOWN;
}

std::uint32_t port_of(const Json& value) {
  const std::string text = value.text();
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port < 65'536 ? port : 0;
}

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// Straight to the host where port 22 is mapped, else over the vendor's proxy.
void find_ssh(const Json& contract, Instance& instance) {
  const auto mapped = contract["ports"]["22/tcp"].items();
  const std::uint32_t port = mapped.empty() ? 0 : port_of(mapped.front()["HostPort"]);
  const std::string address = trimmed(contract["public_ipaddr"].text());
  const bool straight = port != 0 && !address.empty();
  instance.ssh_port = straight ? port : port_of(contract["ssh_port"]);
  if (instance.ssh_port != 0) instance.ssh_host = straight ? address : trimmed(contract["ssh_host"].text());
  instance.ssh_user = "root";
}

}  // namespace

Instance instance_of(const Json& contract) {
  Instance instance;
  instance.id = contract["id"].text();
  const std::string label = contract["label"].text();
  const std::size_t colon = std::min(label.find(':'), label.size());
  instance.client_token = instance.name = label.substr(0, colon);
  instance.deadline_ms = deadline_of_tag(std::string_view(label).substr(std::min(colon + 1, label.size())));
  instance.region = region_of(contract);
  instance.state = state_of(contract);
  instance.status_text = contract["actual_status"].text();
  const std::string message = trimmed(contract["status_msg"].text());
  if (instance.state == STOKER_INSTANCE_FAILED && !message.empty()) instance.status_text += ": " + message;
  if (instance.state == STOKER_INSTANCE_RUNNING) find_ssh(contract, instance);
  const double start = contract["start_date"].real().value_or(0);
  if (start > 0 && start < 1e11) instance.created_ms = static_cast<std::int64_t>(start * 1000);
  instance.price = price_of(contract);
  return instance;
}

std::string label_of(const CreateRequest& request) {
  return std::string(request.client_token) + ":" + std::to_string(request.deadline_ms / 1000);
}

std::string contract_body(const CreateRequest& request) {
  const std::string script = kScript + std::string(request.user_data);
  if (script.size() > kMaxScript)
    throw Failure{STOKER_E_INVALID, "vast: the start script has " + std::to_string(script.size()) +
                                        " characters, and " + std::to_string(kMaxScript) + " are allowed"}
        .hint("give the job fewer or shorter SSH keys");
  JsonWriter json;
  json.begin_object()
      .member("client_id", "me")
      .member("image", request.image.empty() ? kImage : request.image)
      .member("disk", disk_gb(request.disk_bytes))
      .member("label", label_of(request))
      .member("runtype", "ssh_direct")
      .member("target_state", "running")
      .member("cancel_unavail", true)
      .member("onstart", script);
  return json.end_object().str();
}

}  // namespace stoker::vast
