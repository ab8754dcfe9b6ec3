// What the services of one account need: its secrets, its way to the network.
#pragma once

#include <memory>
#include <string>

#include "core/plugin_host/http_client.h"
#include "core/plugin_host/secret_source.h"

namespace stoker::plugin_host {

struct AccountLink {
  std::string account;
  std::shared_ptr<const SecretSource> secrets;
  std::shared_ptr<HttpClient> http;
};

}  // namespace stoker::plugin_host
