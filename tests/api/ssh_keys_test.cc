// The user's SSH keys over HTTP.
#include <simdjson.h>

#include "core/remote/ssh_key.h"
#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

class SshKeysResourceTest : public World {
 protected:
  void SetUp() override { serve(); }

  Answer call(const std::string& method, const std::string& path, const std::string& body = {},
              const std::string& token = kAdmin) {
    RawClient client(server->port());
    return client.call(method, path, token, {{"Content-Type", "application/json"}}, body);
  }
  static std::string text_of(const std::string& json, std::string_view key) {
    simdjson::dom::parser parser;
    std::string_view value;
    return parser.parse(json)[key].get(value) == simdjson::SUCCESS ? std::string(value) : "";
  }
};

TEST_F(SshKeysResourceTest, AMadeKeyIsShownOnce) {
  const Answer made = call("POST", "/v1/ssh-keys", R"({"name":"laptop"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = text_of(made.body, "private_key");
  EXPECT_EQ(remote::private_key_fingerprint(secret), text_of(made.body, "fingerprint"));
  EXPECT_EQ(made.field("Location"), "/v1/ssh-keys/" + text_of(made.body, "id"));
  const Answer list = call("GET", "/v1/ssh-keys");
  EXPECT_NE(list.body.find(text_of(made.body, "public_key")), std::string::npos);
  EXPECT_EQ(list.body.find("PRIVATE"), std::string::npos);
  for (const char* file : {"stoker.db", "stoker.db-wal"})
    EXPECT_EQ(read_file(folder.path() / file).find("PRIVATE KEY"), std::string::npos) << file;
  EXPECT_EQ(call("DELETE", made.field("Location")).status, 204);
  EXPECT_EQ(call("GET", "/v1/ssh-keys").body, R"({"data":[]})");
  const Answer again = call("DELETE", made.field("Location"));
  EXPECT_EQ(again.status, 404);
  EXPECT_EQ(text_of(again.body, "detail"), "there is no SSH key " + text_of(made.body, "id"));
}

TEST_F(SshKeysResourceTest, AnImportedKeyHasNoPrivateHalfHere) {
  const std::string key = remote::generate_ssh_key("me@laptop").public_key;
  const Answer made = call("POST", "/v1/ssh-keys", R"({"name":"laptop","public_key":")" + key + "\"}");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(text_of(made.body, "public_key") + " me@laptop", key);
  EXPECT_EQ(made.body.find("private_key"), std::string::npos);
  const Answer twice = call("POST", "/v1/ssh-keys", R"({"name":"desk","public_key":")" + key + "\"}");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(text_of(twice.body, "detail"), "this key is there already, as laptop");
}

TEST_F(SshKeysResourceTest, ABadBodyIsRefusedWithTheField) {
  const auto told = [&](const std::string& body) {
    const Answer answer = call("POST", "/v1/ssh-keys", body);
    EXPECT_EQ(answer.status, 400);
    return text_of(answer.body, "field") + ": " + text_of(answer.body, "detail");
  };
  EXPECT_EQ(told("{}"), "name: the name of an SSH key is 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.'");
  EXPECT_EQ(told(R"({"name":"x","public_key":""})"),
            "public_key: this is no line of a public key: it begins with none of the types that log in");
  EXPECT_EQ(told(R"({"name":"x","key":"y"})"), "key: there is no key key");
  EXPECT_EQ(told(R"({"name":"x","public_key":5})"), "public_key: public_key is not text");
  EXPECT_EQ(told("[]"), ": the body is not a JSON object");
  EXPECT_EQ(call("POST", "/v1/ssh-keys", R"({"name":"x"})", kApp).status, 403);
  EXPECT_EQ(call("GET", "/v1/ssh-keys", {}, kApp).status, 403);
}

}  // namespace
}  // namespace stoker::api
