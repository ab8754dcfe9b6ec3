#include "core/store/tokens.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class TokensTest : public OpenStore {};

TokenRow full_token(const std::string& id = "tok-1", const std::string& name = "chatmle") {
  TokenRow row;
  row.id = id;
  row.name = name;
  for (size_t i = 0; i < row.sha256.size(); ++i) row.sha256[i] = static_cast<unsigned char>(i * 8);
  row.scope = "run";
  row.origins = {"tauri://localhost", "http://localhost:5173"};
  row.created_ms = 1;
  row.last_used_ms = 2;
  return row;
}

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const TokenRow& r) {
  const auto& [id, name, sha256, scope, origins, created, last_used, revoked] = r;
  return std::tuple(id, name, sha256, scope, origins, created, last_used, revoked);
}

TEST_F(TokensTest, KeepsEveryFieldOfALiveToken) {
  with<Tokens>([](Tokens& tokens) {
    tokens.insert(full_token());
    EXPECT_EQ(members(tokens.find_live("chatmle").value()), members(full_token()));
    TokenRow bare = full_token("tok-2", "bare");
    bare.origins.clear();
    tokens.insert(bare);
    EXPECT_TRUE(tokens.find_live("bare")->origins.empty());
    tokens.note_use("tok-1", 77);
    EXPECT_EQ(tokens.live().at(0).last_used_ms, 77);
    EXPECT_EQ(tokens.live().at(1).id, "tok-2");
  });
}

TEST_F(TokensTest, ANameIsFreeAgainOnceItsTokenIsRevoked) {
  with<Tokens>([](Tokens& tokens) {
    tokens.insert(full_token());
    EXPECT_ANY_THROW(tokens.insert(full_token("tok-2")));
    tokens.revoke("tok-1", 9);
    EXPECT_FALSE(tokens.find_live("chatmle"));
    EXPECT_TRUE(tokens.live().empty());
    tokens.insert(full_token("tok-2"));
    const Error again = error_of([&] { tokens.revoke("tok-1", 10); });
    EXPECT_EQ(again.fault, Fault::not_found);
    EXPECT_STREQ(again.what(), "there is no token tok-1");
  });
}

}  // namespace
}  // namespace stoker::store
