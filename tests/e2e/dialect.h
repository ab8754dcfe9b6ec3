// What one cloud calls what every cloud has, in its API and in fakecloud.
#pragma once

#include <stdexcept>
#include <string>

namespace stoker::e2e {

struct Dialect {
  const char *name, *host;
  const char* secret_field;
  const char* launch;   // the operation that makes a machine
  const char* unpaced;  // settings with which no call is refused because it came too soon, and keys are seen at once
  const char *type, *region;  // of a machine that somebody else has rented
  const char* single;         // a machine type with a GPU that one region has
  const char* refused;        // how fakecloud's history tells of a credential that is good no more
};

inline constexpr char kUnauthorized[] = R"("status": 401)";
inline constexpr Dialect kDialects[] = {
    {"lambda", "cloud.lambda.ai", "api_key", "launch", R"({"request_every_s":0,"launch_every_s":0})", "gpu_1x_a10",
     "us-east-1", "gpu_1x_rtx6000", kUnauthorized},
    {"digitalocean", "api.digitalocean.com", "token", "droplets.create", R"({"key_lag_s":0})", "gpu-h200x1-141gb",
     "atl1", "gpu-6000adax1-48gb", kUnauthorized},
    {"vast", "console.vast.ai", "api_key", "asks.rent", R"({"searches_per_minute":0})", "1x_A100_PCIE", "US",
     "1x_RTX_6000Ada", R"("reason": "auth_error")"},
};

inline const Dialect& dialect_of(const std::string& cloud) {
  for (const Dialect& one : kDialects)
    if (cloud == one.name) return one;
  throw std::invalid_argument("no cloud " + cloud);
}

}  // namespace stoker::e2e
