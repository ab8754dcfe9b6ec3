// What one cloud calls what every cloud has, in its API and in fakecloud.
#pragma once

#include <stdexcept>
#include <string>

namespace stoker::e2e {

struct Dialect {
  const char* name;
  const char* hosts;  // with blanks between them
  const char* secret_field;
  const char* launch;   // the operation that makes a machine
  const char* unpaced;  // settings with which no call is refused because it came too soon, and keys are seen at once
  const char *type, *region;  // of a machine that somebody else has rented
  const char* single;         // a machine type with a GPU that one region has
  const char* gpu;            // that several offers have
  const char* refused;        // how fakecloud's history tells of a credential that is good no more
  bool repeats = false;       // an unclear launch is sent again, because the same one again makes no second machine
};

inline constexpr char kUnauthorized[] = R"("status": 401)";
inline constexpr Dialect kDialects[] = {
    {"lambda", "cloud.lambda.ai", "api_key", "launch", R"({"request_every_s":0,"launch_every_s":0})", "gpu_1x_a10",
     "us-east-1", "gpu_1x_rtx6000", "H100:1", kUnauthorized},
    {"digitalocean", "api.digitalocean.com", "token", "droplets.create", R"({"key_lag_s":0})", "gpu-h200x1-141gb",
     "atl1", "gpu-6000adax1-48gb", "H100:1", kUnauthorized},
    {"aws",
     "ec2.us-east-1.amazonaws.com sts.us-east-1.amazonaws.com ssm.us-east-1.amazonaws.com "
     "api.pricing.us-east-1.amazonaws.com",
     "secret_access_key", "launch", R"({"key_lag_s":0})", "g5.xlarge", "us-east-1a", "g6e.xlarge", "H100:1",
     kUnauthorized, true},
    {"gcp", "compute.googleapis.com oauth2.googleapis.com cloudbilling.googleapis.com", "credentials",
     "instances.insert", "{}", "g2-standard-8", "us-east4-a", "n1-standard-8+1xnvidia-tesla-v100", "A100:1",
     R"("status": 400)", true},
    {"vast", "console.vast.ai", "api_key", "asks.rent", R"({"searches_per_minute":0})", "1x_A100_PCIE", "US",
     "1x_RTX_6000Ada", "H100:1", R"("reason": "auth_error")"},
};

inline const Dialect& dialect_of(const std::string& cloud) {
  for (const Dialect& one : kDialects)
    if (cloud == one.name) return one;
  throw std::invalid_argument("no cloud " + cloud);
}

}  // namespace stoker::e2e
