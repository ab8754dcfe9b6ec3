#include <stoker/cpp/plugin.hpp>

#include "plugins/gcp/gcp_cloud.h"

namespace stoker::gcp {
namespace {

constexpr const char* kHosts[] = {"compute.googleapis.com", "oauth2.googleapis.com", "cloudbilling.googleapis.com",
                                  "169.254.169.254", nullptr};
// Of the role Compute Instance Admin (v1), those that are used.
constexpr const char* kPermissions[] = {"compute.projects.get",          "compute.acceleratorTypes.list",
                                        "compute.machineTypes.list",     "compute.instances.create",
                                        "compute.instances.delete",      "compute.instances.get",
                                        "compute.instances.list",        "compute.instances.setLabels",
                                        "compute.instances.setMetadata", "compute.disks.create",
                                        "compute.subnetworks.use",       "compute.subnetworks.useExternalIp",
                                        "compute.zoneOperations.get",    nullptr};

constexpr Descriptor kGcp{
    .id = "gcp",
    .name = "Google Cloud",
    .summary = "GPU machines of Google Compute Engine, on demand and spot",
    .url = "https://cloud.google.com/compute/docs/gpus",
    .capabilities = STOKER_CAP_NATIVE_IDEMPOTENCY | STOKER_CAP_USER_DATA | STOKER_CAP_SPOT,
    .power_off = STOKER_POWER_OFF_STOPS_BILLING,
    .allowed_hosts = kHosts,
    .settle_ms = 60'000,  // not documented
    // 20 requests in a second of each kind (Compute Engine, rate quotas): within that at any time.
    .request_interval_ms = 100,
    .request_burst = 10,
    .permissions = kPermissions,
};

constexpr Choice kSources[] = {{"file", "a key file"}, {"metadata", "the metadata server of the machine it runs on"}};
constexpr ConfigField kSchema[] = {
    {.key = "credentials",
     .label = "Key file",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
     .help = "the JSON key of a service account with the role Compute Instance Admin (v1), or gcloud's "
             "application_default_credentials.json; not needed where source is metadata",
     .docs_url = "https://cloud.google.com/iam/docs/keys-create-delete"},
    {.key = "project",
     .label = "Project",
     .help = "the id of the project that pays; else that of the key file",
     .example = "my-project-1234"},
    {.key = "source",
     .label = "Where the credentials come from",
     .kind = STOKER_FIELD_CHOICE,
     .flags = STOKER_FIELD_ADVANCED,
     .default_value = "file",
     .choices = kSources},
    {.key = "network",
     .label = "VPC network",
     .flags = STOKER_FIELD_ADVANCED,
     .help = "its firewall has to let port 22 in, as that of the network default does",
     .default_value = "default"},
    {.key = "subnetwork",
     .label = "Subnetwork",
     .flags = STOKER_FIELD_ADVANCED,
     .help = "by name, for a network that makes none by itself"},
};

}  // namespace
}  // namespace stoker::gcp

STOKER_PLUGIN("gcp", STOKER_SDK_VERSION,
              stoker::provider<stoker::gcp::GcpCloud>(stoker::gcp::kGcp, stoker::gcp::kSchema))
