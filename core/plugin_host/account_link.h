// What the calls made for one account share: its secrets, its way to the network, and the vendor's floors.
#pragma once

#include <memory>
#include <string>

#include "core/plugin_host/pacer.h"
#include "core/plugin_host/secret_source.h"

namespace stoker::plugin_host {

class HttpClient;

struct AccountLink {
  std::string account;
  std::shared_ptr<const SecretSource> secrets;  // null: none
  std::shared_ptr<HttpClient> http;             // null: no network
  std::shared_ptr<Pacer> creates;               // between two creates; null: no floor is known
};

}  // namespace stoker::plugin_host
