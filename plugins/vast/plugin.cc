#include <stoker/cpp/plugin.hpp>

#include "plugins/vast/vast_cloud.h"

namespace stoker::vast {
namespace {

constexpr const char* kHosts[] = {"console.vast.ai", nullptr};
// The groups of a key, as the vendor names them (https://docs.vast.ai/api-reference/permissions).
constexpr const char* kPermissions[] = {"misc", "user_read", "user_write", "instance_read", "instance_write", nullptr};

constexpr Descriptor kVast{
    .id = "vast",
    .name = "Vast.ai",
    .summary = "containers on the machines of Vast.ai's market",
    .url = "https://vast.ai",
    .capabilities = STOKER_CAP_USER_DATA | STOKER_CAP_START_SCRIPT,
    .power_off = STOKER_POWER_OFF_DELETES,  // what ends the machine is a delete with the key of its own
    .allowed_hosts = kHosts,
    .settle_ms = 90'000,  // not documented
    // A floor for each call (https://docs.vast.ai/api-reference/rate-limits-and-errors): 4.5 s between two that rent,
    // and 12 s are seen; 2 s between two looks at an instance. What is slower still says so when it is asked too soon.
    .min_create_interval_ms = 12'000,
    .request_interval_ms = 2'000,
    .request_burst = 1,
    .permissions = kPermissions,
};

constexpr ConfigField kSchema[] = {
    {.key = "api_key",
     .label = "API key",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
     .help = "from the console, under Keys, API keys",
     .docs_url = "https://cloud.vast.ai/manage-keys/"},
    {.key = "min_reliability",
     .label = "Least reliability",
     .kind = STOKER_FIELD_TEXT,
     .flags = STOKER_FIELD_ADVANCED,
     .help = "from 0 to 1; machines of hosts below 0.97 often never come up",
     .default_value = "0.97"},
    {.key = "datacenter_only",
     .label = "Data centres only",
     .kind = STOKER_FIELD_BOOL,
     .flags = STOKER_FIELD_ADVANCED,
     .help = "no private hosts: whoever owns the machine can read what is in it",
     .default_value = "false"},
};

}  // namespace
}  // namespace stoker::vast

STOKER_PLUGIN("vast", STOKER_SDK_VERSION,
              stoker::provider<stoker::vast::VastCloud>(stoker::vast::kVast, stoker::vast::kSchema))
