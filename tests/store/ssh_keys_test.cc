#include "core/store/ssh_keys.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class SshKeysTest : public OpenStore {};

TEST_F(SshKeysTest, AreKeptUntilTheyAreErased) {
  with<SshKeys>([](SshKeys& keys) {
    keys.insert({"key-1", "laptop", "ssh-ed25519 AAAA", 5});
    keys.insert({"key-2", "desk", "ssh-ed25519 BBBB", 6});
    ASSERT_EQ(keys.all().size(), 2U);
    const SshKeyRow first = keys.all().at(0);
    const auto& [id, name, public_key, created_ms] = first;
    EXPECT_EQ(std::tuple(id, name, public_key, created_ms),
              std::tuple("key-1", "laptop", "ssh-ed25519 AAAA", int64_t{5}));
    keys.erase("key-1");
    EXPECT_EQ(keys.all().at(0).id, "key-2");
    EXPECT_STREQ(error_of([&] { keys.erase("key-1"); }).what(), "there is no SSH key key-1");
  });
}

TEST_F(SshKeysTest, AreNotTakenTwice) {
  with<SshKeys>([](SshKeys& keys) {
    keys.insert({"key-1", "laptop", "ssh-ed25519 AAAA", 5});
    const Error name = error_of([&] { keys.insert({"key-2", "laptop", "ssh-ed25519 BBBB", 6}); });
    EXPECT_STREQ(name.what(), "the name laptop is taken by SSH key key-1");
    EXPECT_EQ(name.fault, Fault::conflict);
    const Error same = error_of([&] { keys.insert({"key-2", "desk", "ssh-ed25519 AAAA", 6}); });
    EXPECT_STREQ(same.what(), "this key is there already, as laptop");
  });
}

}  // namespace
}  // namespace stoker::store
