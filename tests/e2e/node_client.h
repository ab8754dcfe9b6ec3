// Clients of examples/clients that run on Node.
#pragma once

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {

struct NodeClient {
  std::string absent;  // why it can not be run here; empty: it can
  std::filesystem::path folder, node;
};

// Into the build tree, with the packages that its lock file pins; `more` are scripts of tests/clients. Needs the
// network the first time.
NodeClient install_client(const std::string& name, const Words& more = {});

// What a client is told of an agent by OpenAI's names.
Words client_environment(const ApiClient& api, const std::string& token);

}  // namespace stoker::e2e
