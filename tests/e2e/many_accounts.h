// One agent with many accounts of one cloud, each account with a job and troubles of its own: all run side by side.
#pragma once

#include <unistd.h>

#include <string>
#include <vector>

#include "tests/e2e/cloud_fixture.h"

namespace stoker::e2e {

class ManyAccounts : public CloudTest {
 protected:
  // fakecloud, the agent, and the accounts a1 to a<count>, called so on both sides. In each stands a machine that is
  // somebody else's. `settings`: of fakecloud, as JSON.
  void start_with(const std::string& cloud, size_t count, double speed, const std::string& machines = "none",
                  const std::string& settings = "{}");
  void connect_all() const;
  [[nodiscard]] std::string account(size_t i) const { return "a" + std::to_string(i + 1); }
  [[nodiscard]] Answer post(const std::string& account) const;

  // `members`: of the fault, as `"fault":"reset"`; `place`: where it strikes among the account's calls.
  void aim(const std::string& account, const std::string& operation, const std::string& members,
           const std::string& place = R"("next":1)") const;
  void lift(const std::string& account) const;
  [[nodiscard]] Json judged(const std::string& account) const;

  [[nodiscard]] std::string submit_to(const std::string& account, const std::string& run = "true") const;
  [[nodiscard]] Answer cancel(const std::string& id) const { return api().call("POST", "/v1/jobs/" + id + "/cancel"); }
  // True once `is_so` holds for every job.
  template <typename Condition>
  bool all(const Words& ids, Condition is_so, int64_t within_ms) const {
    Words left = ids;
    return eventually(
        [&] {
          std::erase_if(left, [&](const std::string& id) { return is_so(job(id)); });
          if (!left.empty()) ::usleep(100'000);
          return left.empty();
        },
        within_ms);
  }

  // By the cloud's books: nothing of the account lives, was doubled or is left.
  void expect_clean(const std::string& account, bool may_double = false) const;
  // Of all accounts: nothing foreign was touched, nothing was said against the vendor's documents, every meter stands,
  // and no run left a tag.
  void expect_clean_books() const;

  std::string name;  // of the cloud

 private:
  void expect_no_tags() const;
};

}  // namespace stoker::e2e
