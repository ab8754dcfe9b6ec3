#include "tests/e2e/node_client.h"

#include <unistd.h>

#include <stdexcept>

namespace stoker::e2e {

NodeClient install_client(const std::string& name, const Words& more) {
  NodeClient client;
  client.folder = std::filesystem::path(STOKER_BUILD_DIR) / "tests" / "clients" / name;
  std::filesystem::create_directories(client.folder.parent_path());
  Words words = {STOKER_SOURCE_DIR "/tests/clients/install.sh", STOKER_SOURCE_DIR "/examples/clients/" + name,
                 client.folder.string()};
  for (const std::string& script : more) words.push_back(STOKER_SOURCE_DIR "/tests/clients/" + script);
  Words as_here;  // npm has its settings and its cache at home
  for (char** one = environ; *one != nullptr; ++one) as_here.emplace_back(*one);
  const Result ran = run(words, as_here, 240'000);
  const std::string said = ran.out.substr(0, ran.out.find('\n'));
  constexpr int kAbsent = 77;
  if (ran.code == kAbsent)
    client.absent = said;
  else if (ran.code != 0)
    throw std::runtime_error("npm ci failed: " + ran.out + ran.err);
  else
    client.node = said;
  return client;
}

Words client_environment(const ApiClient& api, const std::string& token) {
  return {"OPENAI_BASE_URL=http://127.0.0.1:" + std::to_string(api.port()) + "/openai/v1", "OPENAI_API_KEY=" + token};
}

}  // namespace stoker::e2e
