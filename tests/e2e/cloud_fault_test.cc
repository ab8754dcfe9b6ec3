// Each single fault in each call of a job's life: the job gets its machine or says why not, and the cloud's books show
// that nothing was lost. A job is over once it would log in, for no machine here has a body.
#include <algorithm>
#include <ostream>

#include "tests/e2e/many_accounts.h"
#include "tests/e2e/single_fault.h"

namespace stoker::e2e {
namespace {

using testing::HasSubstr;

// Where in a job's life the fault strikes.
struct Place {
  const char* cloud;
  const char* operation;
  const char* doing;  // what the job says when it is refused for good here; "" where it goes on all the same
  enum { begin, again, looking, releasing } when = begin;

  [[nodiscard]] bool is(const std::string& name) const { return operation == name; }
  [[nodiscard]] bool launches() const { return operation == std::string(dialect_of(cloud).launch); }
  [[nodiscard]] bool lists_offers() const {
    constexpr const char* kLists[] = {"instance-types", "sizes", "accelerators", "machine-types",
                                      "bundles",        "types", "zones",        "subnets"};
    return std::any_of(std::begin(kLists), std::end(kLists), [this](const char* list) { return is(list); });
  }
};

constexpr Place kPlaces[] = {
    {"lambda", "instance-types", "listing offers"},
    {"lambda", "instance-types", "looking up the price", Place::again},
    {"lambda", "ssh-keys.list", "listing SSH keys"},
    {"lambda", "ssh-keys.create", "registering the SSH key"},
    {"lambda", "launch", "launching"},
    {"lambda", "instances.list", "", Place::looking},
    {"lambda", "instances.get", ""},
    {"lambda", "terminate", "", Place::releasing},
    {"lambda", "instances.get", "", Place::releasing},
    {"lambda", "instances.list", "", Place::releasing},
    {"lambda", "ssh-keys.list", "", Place::releasing},
    {"lambda", "ssh-keys.delete", "", Place::releasing},
    {"digitalocean", "sizes", "listing sizes"},
    {"digitalocean", "sizes", "listing sizes", Place::again},
    {"digitalocean", "keys.create", "registering an SSH key"},
    {"digitalocean", "droplets.create", "creating a droplet"},
    {"digitalocean", "droplets.list", "", Place::looking},
    {"digitalocean", "droplets.get", ""},
    {"digitalocean", "droplets.delete", "", Place::releasing},
    {"digitalocean", "droplets.get", "", Place::releasing},
    {"digitalocean", "droplets.list", "", Place::releasing},
    {"digitalocean", "keys.list", "", Place::releasing},
    {"digitalocean", "keys.delete", "", Place::releasing},
    {"digitalocean", "tags.list", "", Place::releasing},
    {"digitalocean", "tags.delete", "", Place::releasing},
    {"vast", "bundles", "listing offers"},
    {"vast", "bundles", "listing offers", Place::again},
    {"vast", "asks.rent", "renting"},
    {"vast", "keys.attach", ""},
    {"vast", "instances.list", "", Place::looking},
    {"vast", "instances.get", ""},
    {"vast", "instances.delete", "", Place::releasing},
    {"vast", "instances.get", "", Place::releasing},
    {"vast", "instances.list", "", Place::releasing},
    {"gcp", "token", "getting an access token"},
    {"gcp", "accelerators", "listing GPUs"},
    {"gcp", "machine-types", "listing machine types"},
    {"gcp", "skus", ""},
    {"gcp", "skus", "", Place::again},
    {"gcp", "instances.insert", "creating a machine"},
    {"gcp", "instances.insert", "", Place::again},
    {"gcp", "operations.get", ""},
    {"gcp", "instances.get", ""},
    {"gcp", "instances.delete", "", Place::releasing},
    {"gcp", "instances.get", "", Place::releasing},
    {"gcp", "instances.list", "", Place::releasing},
    {"aws", "types", "listing machine types"},
    {"aws", "zones", "listing zones"},
    {"aws", "subnets", "listing subnets"},
    {"aws", "parameter", "looking up the image"},
    {"aws", "images", "looking at the image"},
    {"aws", "prices", ""},
    {"aws", "prices", "", Place::again},
    {"aws", "groups.create", "creating a security group"},
    {"aws", "groups.open", "opening the SSH port"},
    {"aws", "launch", "launching"},
    {"aws", "instances.get", ""},
    {"aws", "terminate", "", Place::releasing},
    {"aws", "instances.get", "", Place::releasing},
    {"aws", "instances.list", "", Place::releasing},
    {"aws", "groups.list", "", Place::releasing},
    {"aws", "groups.delete", "", Place::releasing},
};

std::string title(const Place& place) {
  constexpr const char* kWhen[] = {"", "_again", "_looking", "_releasing"};
  std::string title = std::string(place.cloud) + "_" + place.operation + kWhen[place.when];
  std::replace_if(title.begin(), title.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return title;
}

void PrintTo(const Place& place, std::ostream* out) { *out << title(place); }

std::vector<SingleFault> faults_of(const Place& place) {
  std::vector<SingleFault> all = faults_of_any();
  const auto add = [&](const std::vector<SingleFault>& more) { all.insert(all.end(), more.begin(), more.end()); };
  const std::string operation = place.operation;
  const bool machines = operation.starts_with("instances.") || operation.starts_with("droplets.");
  if (place.lists_offers() || place.is("skus") || operation.ends_with(".list"))
    add(faults_of_list(machines, std::string(place.cloud) != "lambda" && !place.is("bundles")));
  else if (operation.ends_with(".get"))
    all.push_back({"strange-state", SingleFault::lie, R"("fault":"strange-state")"});
  if (place.launches() && place.when == Place::begin) add(faults_of_launch(place.cloud));
  if (operation.ends_with("keys.create")) all.push_back({"double", SingleFault::cloudy, R"("fault":"double")"});
  return all;
}

class CloudFault : public ManyAccounts, public testing::WithParamInterface<Place> {
 protected:
  // A faultless job, but for what makes its call necessary.
  void prepare(const std::string& account) const {
    const Place place = GetParam();
    if (place.when == Place::looking) aim(account, dialect_of(name).launch, R"("fault":"act-then-reset")");
    if (place.launches() && place.when == Place::again) aim(account, place.operation, R"("fault":"act-then-reset")");
  }
  void strike(const std::string& account, const SingleFault& fault) const {
    aim(account, GetParam().operation, fault.members,
        GetParam().when == Place::again ? R"("next":1,"skip":1)" : R"("next":1)");
  }
  void expect_right(const SingleFault& fault, const std::string& account, const Json& ended, bool had_machine) const;
};

// The call that is to suffer must not be refused for a reason of its own: for calls that came too close upon each
// other, or for a key that is not seen yet.
std::string settings_of(const Place& place) { return place.is("keys.create") ? "{}" : dialect_of(place.cloud).unpaced; }

// That nothing is on offer is believed before anything is rented.
bool offers_nothing(const Place& place, const SingleFault& fault) {
  return fault.name == "empty-list" && place.when == Place::begin && place.lists_offers();
}

// Of Vast's market, where what is offered to one is offered to all: what is not there any more is somebody else's.
bool is_taken(const Place& place, const SingleFault& fault) {
  return place.launches() && std::string(place.cloud) == "vast" && fault.status == 404;
}

// The first offer comes to nothing, and the next one is taken.
bool takes_another(const Place& place, const SingleFault& fault) {
  const bool unclear = fault.kind == SingleFault::silent || fault.status >= 500;
  return place.launches() && ((unclear && !dialect_of(place.cloud).repeats) || fault.name == "sold-out" ||
                              fault.name == "dearer" || is_taken(place, fault));
}

// A list that lacks what the job has chosen (Lambda's second type, the first ask of Vast's market) sends it to the next
// offer. On a busy computer it may come before the choice, to a listing that is repeated because the first was late,
// and then it is believed.
bool may_lack_the_choice(const Place& place, const SingleFault& fault) {
  return (place.is("instance-types") || place.is("bundles")) && place.when == Place::again &&
         (fault.name == "empty-list" || fault.name == (place.is("bundles") ? "omit-first" : "omit"));
}

// What is missing while a launch is prepared may be there the next time; a launch itself says what it misses.
bool is_refused(const Place& place, const SingleFault& fault) {
  if (place.doing[0] == '\0' || fault.kind != SingleFault::definite || is_taken(place, fault)) return false;
  if (std::string(place.cloud) == "gcp" && fault.status == 401) return place.is("token");  // else there is a new one
  const bool prepares = place.when == Place::again || place.is("ssh-keys.list") || place.is("ssh-keys.create") ||
                        place.is("keys.create") || place.is("groups.create") || place.is("groups.open");
  return fault.status != 404 || !prepares;
}

void CloudFault::expect_right(const SingleFault& fault, const std::string& account, const Json& ended,
                              bool had_machine) const {
  const Place place = GetParam();
  const int64_t attempts = ended["attempt"].integer().value_or(-1);
  const int64_t creates = judged(account)["creates"].integer().value_or(-1);
  const bool nothing = offers_nothing(place, fault);
  if (nothing || is_refused(place, fault)) {
    EXPECT_EQ(ended["state"].text(), "failed");
    EXPECT_EQ(creates, 0);
    EXPECT_LE(attempts, 1);
    const std::string told = name + ": " + place.doing;
    EXPECT_THAT(ended["reason"].text(), HasSubstr(nothing ? "" : told));
    EXPECT_THAT(ended["hint"].text(), HasSubstr(fault.status == 401 ? "make a new" : ""));
    return;
  }
  if (may_lack_the_choice(place, fault)) {
    EXPECT_LE(attempts, 2);
    EXPECT_EQ(creates, had_machine ? 1 : 0);
    return;
  }
  EXPECT_TRUE(had_machine) << ended["reason"].text();
  EXPECT_EQ(ended["state"].text(), "cancelled") << ended["reason"].text();
  const bool twice = place.launches() && (fault.name == "dearer" || fault.name == "double");
  EXPECT_EQ(creates, twice ? 2 : 1);
  EXPECT_EQ(attempts, takes_another(place, fault) ? 2 : 1) << ended["attempts"].dump();
}

TEST_P(CloudFault, LosesNothing) {
  const Place place = GetParam();
  const std::vector<SingleFault> faults = faults_of(place);
  start_with(place.cloud, faults.size(), 40, "none", settings_of(place));
  connect_all();
  Words ids;
  for (size_t i = 0; i < faults.size(); ++i) {
    prepare(account(i));
    if (place.when != Place::releasing) strike(account(i), faults[i]);
    ids.push_back(submit_to(account(i)));
  }
  Words with_machine;
  EXPECT_TRUE(all(
      ids,
      [&](const Json& now) {
        const bool there = now["state"].text() == "connecting";
        if (there) {
          const auto i = static_cast<size_t>(std::find(ids.begin(), ids.end(), now["id"].text()) - ids.begin());
          if (place.when == Place::releasing) strike(account(i), faults[i]);
          with_machine.push_back(now["id"].text());
          EXPECT_EQ(cancel(now["id"].text()).status, 202);
        }
        return there || !now["ended_ms"].is_null();
      },
      250'000));
  EXPECT_TRUE(all(ids, [](const Json& now) { return !now["ended_ms"].is_null(); }, 250'000));
  for (size_t i = 0; i < faults.size(); ++i) {
    SCOPED_TRACE(title(place) + " " + faults[i].name + ", account " + account(i) + ", job " + ids[i]);
    expect_clean(account(i), faults[i].name == "double");
    expect_right(faults[i], account(i), job(ids[i]),
                 std::find(with_machine.begin(), with_machine.end(), ids[i]) != with_machine.end());
  }
  expect_clean_books();
  RecordProperty("faults", static_cast<int>(faults.size()));
}

INSTANTIATE_TEST_SUITE_P(Place, CloudFault, testing::ValuesIn(kPlaces),
                         [](const auto& place) { return title(place.param); });

}  // namespace
}  // namespace stoker::e2e
