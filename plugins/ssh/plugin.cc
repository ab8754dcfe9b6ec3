#include <stoker/cpp/plugin.hpp>

#include "plugins/ssh/ssh_provider.h"

namespace {

constexpr stoker::Descriptor kDescriptor{
    .id = "ssh",
    .name = "A machine of yours",
    .summary = "Runs jobs on a machine you reach over SSH, one at a time",
    .capabilities = STOKER_CAP_LOCAL_SYSTEM | STOKER_CAP_HOST_KEY | STOKER_CAP_NATIVE_IDEMPOTENCY,
    .power_off = STOKER_POWER_OFF_FORBIDDEN,
    .settle_ms = 1};

constexpr stoker::ConfigField kSchema[] = {
    {.key = "host",
     .label = "Host",
     .flags = STOKER_FIELD_REQUIRED,
     .help = "Name or address.",
     .example = "gpu.example"},
    {.key = "port", .label = "Port", .kind = STOKER_FIELD_INT, .default_value = "22"},
    {.key = "user", .label = "User", .flags = STOKER_FIELD_REQUIRED, .example = "ubuntu"},
    {.key = "key",
     .label = "Private key file",
     .kind = STOKER_FIELD_PATH,
     .flags = STOKER_FIELD_REQUIRED,
     .help = "ed25519 or ecdsa, without a passphrase, readable by you alone. RSA keys do not work.",
     .example = "/home/me/.ssh/stoker"},
    {.key = "host_key",
     .label = "Host key of the machine",
     .flags = STOKER_FIELD_REQUIRED,
     .help =
         "On the machine: cat /etc/ssh/ssh_host_ed25519_key.pub, or the SHA256 of ssh-keygen -lf of that file. Nothing "
         "is trusted on first use.",
     .example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI..."},
    {.key = "directory",
     .label = "Folder of the leases",
     .kind = STOKER_FIELD_PATH,
     .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_ADVANCED},
    {.key = "name", .label = "Name", .help = "How the machine is shown; its host name where this is empty."},
    {.key = "gpu", .label = "GPU model", .example = "RTX-4090"},
    {.key = "gpu_count", .label = "Number of GPUs", .kind = STOKER_FIELD_INT, .help = "One where a model is given."},
    {.key = "price_per_hour",
     .label = "USD per hour",
     .help = "What it costs you, if you want to see it.",
     .example = "0.35"},
};

}  // namespace

STOKER_PLUGIN("ssh", STOKER_SDK_VERSION, stoker::provider<stoker::ssh::SshProvider>(kDescriptor, kSchema))
