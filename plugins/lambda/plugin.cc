#include <stoker/cpp/plugin.hpp>

#include "plugins/lambda/lambda_cloud.h"

namespace stoker::lambda {
namespace {

constexpr const char* kHosts[] = {"cloud.lambda.ai", nullptr};
// Lambda's API keys have no scopes (https://docs.lambda.ai/api/cloud).
constexpr const char* kPermissions[] = {
    "an API key of the workspace: it has no scopes and may do everything there, so give Stoker a workspace of its own",
    nullptr};

constexpr Descriptor kLambda{
    .id = "lambda",
    .name = "Lambda",
    .summary = "on-demand GPU machines of Lambda's cloud",
    .url = "https://lambda.ai",
    .capabilities = STOKER_CAP_USER_DATA,
    .power_off = STOKER_POWER_OFF_KEEPS_BILLING,
    .allowed_hosts = kHosts,
    .settle_ms = 90'000,               // not documented; as the clients that list for a lost launch assume
    .min_create_interval_ms = 12'000,  // one launch every 12 s, one request a second (https://docs.lambda.ai/api/cloud)
    .request_interval_ms = 1'000,
    .request_burst = 1,
    .permissions = kPermissions,
};

constexpr ConfigField kSchema[] = {
    {.key = "api_key",
     .label = "API key",
     .kind = STOKER_FIELD_SECRET,
     .flags = STOKER_FIELD_REQUIRED | STOKER_FIELD_SENSITIVE | STOKER_FIELD_CREDENTIAL,
     .help = "from the dashboard, under API keys: Generate API key",
     .docs_url = "https://cloud.lambda.ai/api-keys"},
};

}  // namespace
}  // namespace stoker::lambda

STOKER_PLUGIN("lambda", STOKER_SDK_VERSION,
              stoker::provider<stoker::lambda::LambdaCloud>(stoker::lambda::kLambda, stoker::lambda::kSchema))
