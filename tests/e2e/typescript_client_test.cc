// The TypeScript module of examples/clients: its types are those of the agent's own document, and its functions work.
#include <fstream>

#include "tests/e2e/node_client.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;

class TypescriptClient : public AgentTest {
 protected:
  void SetUp() override {
    client = install_client("typescript", {"functions.mjs"});
    if (!client.absent.empty()) GTEST_SKIP() << client.absent;
    write_config(
        "plugins: [local, transformers]\n"
        "openai: { job: { provider: local, after: { keep_idle_minutes: 10 } } }\n");
    start_agent();
  }
  void expect_done(Words words) const {
    words.insert(words.begin(), client.node.string());
    const Result ran = run(words, environment(), 120'000);
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  }
  [[nodiscard]] fs::path package(const std::string& script) const { return client.folder / "node_modules" / script; }
  NodeClient client;
};

TEST_F(TypescriptClient, TypesAreThoseOfTheAgentsOwnDocument) {
  const fs::path document = folder / "openapi.json", types = folder / "types.d.ts";
  std::ofstream(document) << api().call("GET", "/openapi.json").body;
  expect_done({package("openapi-typescript/bin/cli.js"), document, "-o", types});
  const std::string made = content(types);
  EXPECT_THAT(made, testing::HasSubstr("OpenAIJob"));
  EXPECT_TRUE(made == content(client.folder / "stoker-api.d.ts"))
      << "examples/clients/typescript/stoker-api.d.ts is not what the agent says of itself; examples/clients/README.md "
         "tells how it is renewed";
}

TEST_F(TypescriptClient, DoesWhatItsFunctionsSay) {
  const fs::path compiler = package("typescript/bin/tsc"), project = client.folder / "tsconfig.json";
  expect_done({compiler, "--project", project, "--noEmit"});
  expect_done({compiler, "--project", project, "--outDir", client.folder / "compiled"});
  const Result made = cli({"tokens", "create", "--name", "typescript"});
  ASSERT_EQ(made.code, 0) << made.err;
  expect_done({client.folder / "functions.mjs", "http://127.0.0.1:" + std::to_string(api().port()),
               made.out.substr(0, made.out.find('\n'))});
}

}  // namespace
}  // namespace stoker::e2e
