#include <stoker/cpp/plugin.hpp>

#include "plugins/digitalocean/digitalocean_cloud.h"

namespace stoker::digitalocean {
namespace {

constexpr const char* kHosts[] = {"api.digitalocean.com", "api.devcloud.amd.com", nullptr};
// As the API reference names them for the calls that are made.
constexpr const char* kPermissions[] = {"account:read",   "droplet:create", "droplet:read",   "droplet:delete",
                                        "ssh_key:create", "ssh_key:read",   "ssh_key:delete", "sizes:read",
                                        "regions:read",   "image:read",     "tag:create",     "tag:read",
                                        "tag:delete",     nullptr};

constexpr Descriptor kDigitalOcean{
    .id = "digitalocean",
    .name = "DigitalOcean",
    .summary = "GPU droplets of DigitalOcean, and of the AMD developer cloud",
    .url = "https://www.digitalocean.com/products/gpu-droplets",
    .capabilities = STOKER_CAP_USER_DATA,
    .power_off = STOKER_POWER_OFF_KEEPS_BILLING,
    .allowed_hosts = kHosts,
    .settle_ms = 90'000,  // not documented; a droplet can be missing for a moment after it was accepted
    // 5,000 requests an hour and 250 a minute for one token (API reference, rate limit): within both at any time.
    .request_interval_ms = 720,
    .request_burst = 150,
    .permissions = kPermissions,
};

constexpr Choice kClouds[] = {{"digitalocean", "DigitalOcean"}, {"amd", "AMD developer cloud"}};
constexpr ConfigField kSchema[] = {
    {.key = "token",
     .label = "API token",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
     .help = "from the control panel, under API, Tokens: Generate New Token; begins with dop_v1_",
     .docs_url = "https://cloud.digitalocean.com/account/api/tokens"},
    {.key = "cloud",
     .label = "Cloud",
     .kind = STOKER_FIELD_CHOICE,
     .flags = STOKER_FIELD_ADVANCED,
     .help = "which cloud with this API the token belongs to",
     .default_value = "digitalocean",
     .choices = kClouds},
};

}  // namespace
}  // namespace stoker::digitalocean

STOKER_PLUGIN("digitalocean", STOKER_SDK_VERSION,
              stoker::provider<stoker::digitalocean::DigitalOceanCloud>(stoker::digitalocean::kDigitalOcean,
                                                                        stoker::digitalocean::kSchema))
