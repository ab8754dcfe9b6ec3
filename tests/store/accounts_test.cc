#include "core/store/accounts.h"

#include "core/store/instances.h"
#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class AccountsTest : public OpenStore {};

AccountRow full_account() {
  AccountRow row;
  row.id = "lambda-2";
  row.provider = "lambda";
  row.name = "the lab's";
  row.settings = {{"region", "us-west-1"}, {"image", "say \"24.04\""}};
  row.cloud_id = "u-1";
  row.cloud_name = "ada@example.com";
  row.balance_micros = -2'500'000;
  row.currency = "EUR";
  row.created_ms = 1;
  row.checked_ms = 2;
  row.problem = "the key was refused";
  row.hint = "make a new one";
  return row;
}

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const AccountRow& r) {
  const auto& [id, provider, name, settings, cloud_id, cloud_name, balance, currency, created, checked, problem, hint] =
      r;
  return std::tuple(id, provider, name, settings, cloud_id, cloud_name, balance, currency, created, checked, problem,
                    hint);
}

TEST_F(AccountsTest, KeepsEveryFieldOfAnAccount) {
  with<Accounts>([](Accounts& accounts) {
    accounts.insert(full_account());
    EXPECT_EQ(members(accounts.find("lambda-2").value()), members(full_account()));
    AccountRow changed;
    changed.id = "lambda-2";
    accounts.update(changed);
    changed.provider = "lambda";
    changed.created_ms = 1;
    EXPECT_EQ(members(accounts.find("lambda-2").value()), members(changed));
    EXPECT_FALSE(accounts.find("lambda"));
  });
}

TEST_F(AccountsTest, ListsTheOldestFirstAndForgetsWithTheRegions) {
  with<Accounts>([](Accounts& accounts) {
    for (const char* id : {"b", "a"}) {
      AccountRow row = full_account();
      row.id = id;
      accounts.insert(row);
    }
    ASSERT_EQ(accounts.all().size(), 2u);
    EXPECT_EQ(accounts.all()[0].id, "b");
  });
  with<Instances>([](Instances& instances) {
    instances.remember_region("a", "r");
    instances.remember_region("b", "r");
  });
  with<Accounts>([](Accounts& accounts) {
    accounts.erase("a");
    EXPECT_EQ(accounts.all().size(), 1u);
  });
  with<Instances>([](Instances& instances) { EXPECT_EQ(instances.regions().size(), 1u); });
}

TEST_F(AccountsTest, AnIdIsTakenOnce) {
  with<Accounts>([](Accounts& accounts) { accounts.insert(full_account()); });
  EXPECT_ANY_THROW(with<Accounts>([](Accounts& accounts) { accounts.insert(full_account()); }));
  AccountRow other = full_account();
  other.id = "other";
  const Error error = error_of([&] { with<Accounts>([&](Accounts& accounts) { accounts.update(other); }); });
  EXPECT_STREQ(error.what(), "no account other");
}

}  // namespace
}  // namespace stoker::store
