#include <stoker/cpp/plugin.hpp>

#include "plugins/local/local_provider.h"

namespace {

constexpr stoker::Descriptor kDescriptor{
    .id = "local",
    .name = "This machine",
    .summary = "Runs jobs on the machine of the agent, each in an instance of its own",
    .capabilities = STOKER_CAP_LOCAL_SYSTEM | STOKER_CAP_HOST_KEY | STOKER_CAP_NATIVE_IDEMPOTENCY,
    .power_off = STOKER_POWER_OFF_FORBIDDEN,
    .settle_ms = 1};

constexpr stoker::ConfigField kSchema[] = {
    {.key = "directory",
     .label = "Folder of the instances",
     .kind = STOKER_FIELD_PATH,
     .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_ADVANCED,
     .help = "An absolute path. Every instance has a folder in it, with its home."},
    {.key = "sshd",
     .label = "OpenSSH server",
     .kind = STOKER_FIELD_PATH,
     .flags = STOKER_FIELD_ADVANCED,
     .help = "Where it is neither /usr/sbin/sshd nor /usr/local/sbin/sshd.",
     .example = "/opt/openssh/sbin/sshd"},
};

}  // namespace

STOKER_PLUGIN("local", STOKER_SDK_VERSION, stoker::provider<stoker::local::LocalProvider>(kDescriptor, kSchema))
