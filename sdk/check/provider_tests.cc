#include <algorithm>
#include <set>

#include "sdk/check/tour.h"

namespace stoker::check {
namespace {

using plugin_host::Instance;
using plugin_host::Offer;

constexpr int kMachines = 5;

// A provider on the scripted cloud of the fixtures, and what the tests do with it.
struct Scene {
  explicit Scene(const Subject& subject) : stage(subject) {
    if (stage.cloud() == nullptr || stage.cloud()->creating_route().empty())
      throw Skipped("the fixtures have no cloud.yaml with a route that makes machines");
    provider = stage.make(subject.id);
  }
  ScriptedCloud& cloud() { return *stage.cloud(); }
  Offer offer() {
    const auto offers = provider->list_offers();
    for (const Offer& one : offers.items)
      if (one.availability != STOKER_AVAIL_NONE) return one;
    throw Failed("list_offers gave nothing to rent, and ended with " + offers.end.words() +
                 "; cloud.yaml needs a type that is available");
  }
  plugin_host::CreateRequest request(int number = 1) {
    auto made = tour_request(offer());
    made.client_token = made.name = "stk-01234567-j" + std::to_string(number);
    return made;
  }
  Instance create(const plugin_host::CreateRequest& wanted) {
    const auto made = provider->create(wanted);
    if (!made.end.ok() || made.items.size() != 1)
      throw Failed("create ended with " + made.end.words() + " and " + std::to_string(made.items.size()) +
                   " machines where one was due");
    return made.items.front();
  }
  void fail_at(const std::string& error, const std::string& route = {}, int times = -1) {
    cloud().break_with({.kind = CloudFault::Kind::error, .error = error, .route = route, .times = times});
  }
  void need_error(const char* name) {
    if (!cloud().has_error(name)) throw Skipped(std::string("cloud.yaml has no errors.") + name);
  }
  void finish() { require_no_breach(stage.host()); }

  Stage stage;
  std::unique_ptr<ProviderUnderTest> provider;
};

void expect(const CallEnd& end, const char* call, std::initializer_list<stoker_status> due) {
  if (std::find(due.begin(), due.end(), end.status) != due.end()) return;
  std::string names;
  for (const stoker_status one : due) names += (names.empty() ? "" : " or ") + status_name(one);
  throw Failed(std::string(call) + " ended with " + end.words() + " where " + names + " was due");
}

void expect_count(const char* what, size_t came, size_t due) {
  if (came != due)
    throw Failed(std::string(what) + ": " + std::to_string(came) + " where " + std::to_string(due) + " was due");
}

void bad_token(const Subject& subject) {
  Scene scene(subject);
  scene.fail_at("bad_token");
  const auto answer = scene.provider->validate();
  expect(answer.end, "validate with a refused credential", {STOKER_E_AUTH});
  if (!answer.end.failure || answer.end.failure->config_key.empty())
    throw Failed("the failure blames no field; set config_key to the set-up field to correct");
  scene.finish();
}

void offers_priced(const Subject& subject) {
  Scene scene(subject);
  const auto offers = scene.provider->list_offers();
  expect(offers.end, "list_offers", {STOKER_OK});
  for (const Offer& one : offers.items) {
    if (one.price.per_hour.currency.size() != 3 || one.price.per_hour.micros <= 0)
      throw Failed("the offer " + one.id + " has no price with a currency; the bill must be known before");
    if (one.machine.empty() || one.cpu_arch.empty())
      throw Failed("the offer " + one.id + " does not say its machine type and cpu_arch");
  }
  scene.finish();
}

void paging_complete(const Subject& subject) {
  Scene scene(subject);
  std::set<std::string> made, found;
  for (int i = 1; i <= kMachines; ++i) made.insert(scene.create(scene.request(i)).id);
  const auto request = scene.request();
  const auto all = scene.provider->find(request.owner);
  expect(all.end, "find", {STOKER_OK});
  for (const Instance& one : all.items) found.insert(one.id);
  if (found != made)
    throw Failed("find gave " + std::to_string(found.size()) + " of " + std::to_string(made.size()) +
                 " machines; follow the pages to their end, or machines are lost");
  scene.finish();
}

void same_token_twice(const Subject& subject) {
  Scene scene(subject);
  const auto request = scene.request();
  const std::string first = scene.create(request).id;
  const auto again = scene.provider->find(request.owner, request.client_token);
  expect_count("find(client_token) after one create", again.items.size(), 1);
  if (again.items.front().id != first || again.items.front().client_token != request.client_token)
    throw Failed("find(client_token) gave another machine than create did, or one without its token");
  scene.finish();
}

void answer_lost(const Subject& subject) {
  Scene scene(subject);
  const auto request = scene.request();
  scene.cloud().break_with({.kind = CloudFault::Kind::lost, .route = scene.cloud().creating_route(), .times = -1});
  const auto lost = scene.provider->create(request);
  expect(lost.end, "create whose answer was lost", {STOKER_E_UNKNOWN_OUTCOME});
  expect_count("machines made by one create whose answer was lost", scene.cloud().machines_made(), 1);
  scene.cloud().break_with({});
  expect_count("find(client_token) after it", scene.provider->find(request.owner, request.client_token).items.size(),
               1);
  scene.finish();
}

void rate_limit(const Subject& subject) {
  Scene scene(subject);
  scene.need_error("rate_limited");
  scene.fail_at("rate_limited");
  const auto answer = scene.provider->list_offers();
  expect(answer.end, "list_offers at the rate limit", {STOKER_E_RATE_LIMITED});
  scene.finish();
}

void retry_after(const Subject& subject) {
  Scene scene(subject);
  const auto seconds = scene.cloud().retry_after_s();
  if (!seconds) throw Skipped("errors.rate_limited of cloud.yaml has no header Retry-After");
  scene.fail_at("rate_limited");
  const auto answer = scene.provider->list_offers();
  if (!answer.end.failure || answer.end.failure->retry_after_ms != *seconds * 1000)
    throw Failed("the cloud asked to wait for " + std::to_string(*seconds) +
                 " s, and the failure does not say so; set retry_after_ms");
  scene.finish();
}

void need_native_tokens(Scene& scene, const Subject& subject) {
  if ((scene.stage.plugin().descriptor(subject.id).capabilities & STOKER_CAP_NATIVE_IDEMPOTENCY) == 0)
    throw Skipped("the descriptor does not claim STOKER_CAP_NATIVE_IDEMPOTENCY");
}

void native_token_twice(const Subject& subject) {
  Scene scene(subject);
  need_native_tokens(scene, subject);
  const auto request = scene.request();
  const std::string first = scene.create(request).id, second = scene.create(request).id;
  expect_count("machines made by two creates with one token", scene.cloud().machines_made(), 1);
  if (first != second) throw Failed("the second create gave " + second + " where " + first + " was due");
  scene.finish();
}

void native_token_conflict(const Subject& subject) {
  Scene scene(subject);
  need_native_tokens(scene, subject);
  std::vector<Offer> offers = scene.provider->list_offers().items;
  std::erase_if(offers, [](const Offer& one) { return one.availability == STOKER_AVAIL_NONE; });
  if (offers.size() < 2) throw Skipped("cloud.yaml has one available type only");
  auto request = tour_request(offers[0]), other = tour_request(offers[1]);
  (void)scene.create(request);
  expect(scene.provider->create(other).end, "create of another machine with a token that was used",
         {STOKER_E_CONFLICT});
  expect_count("machines made", scene.cloud().machines_made(), 1);
  scene.finish();
}

void opaque_round_trip(const Subject& subject) {
  Scene scene(subject);
  const auto request = scene.request();
  (void)scene.create(request);
  const auto found = scene.provider->find(request.owner);
  expect_count("machines found", found.items.size(), 1);
  const Instance& listed = found.items.front();
  const plugin_host::InstanceRef ref{listed.id, listed.region, listed.opaque};
  const auto looked_at = scene.provider->get(ref);
  expect(looked_at.end, "get of what find gave", {STOKER_OK});
  if (looked_at.items.size() != 1 || looked_at.items.front().id != listed.id ||
      looked_at.items.front().client_token != listed.client_token)
    throw Failed("get gave another machine, or none, for id, region and opaque of what find gave");
  expect(scene.provider->remove(ref), "remove of what find gave", {STOKER_OK});
  expect_count("machines left after it", scene.cloud().machines(), 0);
  scene.finish();
}

void nothing_left_beside(const Subject& subject) {
  Scene scene(subject);
  const auto request = scene.request();
  const Instance made = scene.create(request);
  expect(scene.provider->remove({made.id, made.region, made.opaque}), "remove", {STOKER_OK});
  if (scene.provider->has_resources()) {
    const auto left = scene.provider->resources(request.owner, request.client_token);
    expect(left.end, "listing resources", {STOKER_OK});
    for (const auto& one : left.items) expect(scene.provider->remove_resource(one), "removing a resource", {STOKER_OK});
  }
  if (scene.cloud().leftovers() != 0)
    throw Failed("create left " + std::to_string(scene.cloud().leftovers()) +
                 " records beside the machine that neither remove nor " STOKER_EXT_RESOURCES
                 " takes away; list them there by their token");
  scene.finish();
}

void schema_sane(const Subject& subject) {
  LoadedPlugin plugin(subject.plugin, {});
  const auto refuse = [](const std::string& key, const std::string& why) {
    throw Failed("the set-up field `" + key + "` " + why);
  };
  const stoker_descriptor& descriptor = plugin.descriptor(subject.id);
  if (descriptor.name == nullptr || descriptor.summary == nullptr || *descriptor.name == '\0' ||
      *descriptor.summary == '\0')
    throw Failed("the descriptor has no name or no summary; both are shown to the user");
  std::set<std::string> keys;
  for (const auto& field : plugin.schema(subject.id)) {
    if (!keys.insert(field.key).second) refuse(field.key, "is there twice");
    if (field.label.empty()) refuse(field.key, "has no label");
    if (field.kind == STOKER_FIELD_SECRET && (field.flags & STOKER_FIELD_SENSITIVE) == 0)
      refuse(field.key, "is a secret without STOKER_FIELD_SENSITIVE, and would be shown again");
    if (field.secret() && !field.default_value.empty()) refuse(field.key, "is a secret with a default");
    const auto is_default = [&](const auto& choice) { return choice.value == field.default_value; };
    if (field.kind == STOKER_FIELD_CHOICE && !field.default_value.empty() &&
        std::none_of(field.choices.begin(), field.choices.end(), is_default))
      refuse(field.key, "has a default that is none of its choices");
  }
  require_no_breach(plugin.host);
}

void broken_cloud(const Subject& subject) {
  Scene scene(subject);
  const auto request = scene.request();
  scene.fail_at("broken");
  expect(scene.provider->list_offers().end, "list_offers of a broken cloud", {STOKER_E_UNAVAILABLE});
  expect(scene.provider->find(request.owner).end, "find of a broken cloud", {STOKER_E_UNAVAILABLE});
  expect(scene.provider->get({"id-1", {}, {}}).end, "get of a broken cloud", {STOKER_E_UNAVAILABLE});
  scene.fail_at("broken", scene.cloud().creating_route());
  expect(scene.provider->create(request).end, "create of a broken cloud",
         {STOKER_E_UNKNOWN_OUTCOME, STOKER_E_UNAVAILABLE});
  scene.finish();
}

void no_capacity(const Subject& subject) {
  Scene scene(subject);
  scene.need_error("no_capacity");
  const auto request = scene.request();
  scene.fail_at("no_capacity", scene.cloud().creating_route());
  expect(scene.provider->create(request).end, "create of what is sold out", {STOKER_E_NO_CAPACITY});
  scene.finish();
}

void get_missing(const Subject& subject) {
  Scene scene(subject);
  expect(scene.provider->get({"4711", {}, {}}).end, "get of a machine that is not there", {STOKER_E_NOT_FOUND});
  scene.finish();
}

void remove_twice(const Subject& subject) {
  Scene scene(subject);
  const Instance made = scene.create(scene.request());
  const plugin_host::InstanceRef ref{made.id, made.region, made.opaque};
  expect(scene.provider->remove(ref), "remove", {STOKER_OK});
  expect_count("machines left after remove", scene.cloud().machines(), 0);
  const CallEnd again = scene.provider->remove(ref);
  if (!again.ok() && again.status != STOKER_E_NOT_FOUND)
    throw Failed("a second remove ended with " + again.words() + "; what is gone is removed");
  scene.finish();
}

void max_price(const Subject& subject) {
  Scene scene(subject);
  auto request = scene.request();
  request.max_micros_per_hour = 1;
  expect(scene.provider->create(request).end, "create of what is dearer than max_per_hour", {STOKER_E_NO_CAPACITY});
  expect_count("machines made above max_per_hour", scene.cloud().machines_made(), 0);
  scene.finish();
}

void strange_answers(const Subject& subject) {
  Scene scene(subject);
  const Instance made = scene.create(scene.request());
  scene.cloud().grow_strange();
  const auto answer = scene.provider->get({made.id, made.region, made.opaque});
  expect(answer.end, "get with members and a state that are new", {STOKER_OK});
  if (answer.items.size() != 1 || answer.items.front().state != plugin_host::InstanceState::unknown)
    throw Failed("a state that nobody knows was given as \"" +
                 std::string(answer.items.empty() ? "none" : to_string(answer.items.front().state)) +
                 "\"; say STOKER_INSTANCE_UNKNOWN");
  scene.finish();
}

void garbage(const Subject& subject) {
  for (const auto kind : {CloudFault::Kind::garbage, CloudFault::Kind::truncated}) {
    Scene scene(subject);
    const auto request = scene.request();
    (void)scene.create(request);
    scene.cloud().break_with({.kind = kind, .times = -1});
    expect(scene.provider->find(request.owner).end, "find with an answer that can't be read", {STOKER_E_UNAVAILABLE});
    scene.finish();
  }
}

void keeps_to_its_owner(const Subject& subject) {
  Scene scene(subject);
  (void)scene.create(scene.request());
  const auto others = scene.provider->find("ffffffffffffffffffffffffffffffff");
  expect(others.end, "find for another owner", {STOKER_OK});
  expect_count("machines of this owner given to another", others.items.size(), 0);
  scene.finish();
}

}  // namespace

std::vector<Test> provider_tests() {
  const auto test = [](const char* name, const char* about, void (*run)(const Subject&)) {
    return Test{name, about, Kind::provider, run};
  };
  return {
      test("schema-sane",
           "The set-up fields can be asked and stored as they are: guided set-up is made of nothing else.",
           schema_sane),
      test("bad-token-is-auth-and-blames-a-field",
           "A refused credential is STOKER_E_AUTH and names its field, so that the user knows what to correct.",
           bad_token),
      test("offers-priced-with-currency", "Each offer has a price, since the bill must be known before.",
           offers_priced),
      test("paging-complete", "find follows all pages: a machine that is not listed is lost and goes on costing.",
           paging_complete),
      test("created-machine-is-found-by-token",
           "The client token finds the machine again, which is all that is left after a lost answer.",
           same_token_twice),
      test("create-answer-lost-then-find",
           "A create whose answer is lost says so and is not sent again; the token then finds exactly one machine.",
           answer_lost),
      test("rate-limit-is-rate-limited", "429 is STOKER_E_RATE_LIMITED, so that the same call is made later.",
           rate_limit),
      test("rate-limit-carries-retry-after",
           "How long the cloud asks to wait is passed on, so that nobody asks too soon.", retry_after),
      test("create-same-token-twice",
           "Where the cloud knows client tokens, two creates with one token make one machine and give it twice.",
           native_token_twice),
      test("token-other-params-conflict",
           "Where the cloud knows client tokens, another machine with a used token is STOKER_E_CONFLICT.",
           native_token_conflict),
      test("opaque-round-trip", "get and remove take what find gave, for that is all an agent has after a restart.",
           opaque_round_trip),
      test("nothing-left-beside-the-machine", "What create makes beside a machine can be listed and removed, after it.",
           nothing_left_beside),
      test("broken-cloud-is-unavailable",
           "5xx is \"later\" for what reads, and an unknown outcome for what may have been made.", broken_cloud),
      test("no-capacity-class", "What is sold out is STOKER_E_NO_CAPACITY, so that the next offer is tried.",
           no_capacity),
      test("get-missing", "A machine that the cloud does not know is STOKER_E_NOT_FOUND, and only then.", get_missing),
      test("remove-twice", "Removing what is gone is no failure, since the agent asks until it is gone.", remove_twice),
      test("max-price-honoured", "max_per_hour is a hard limit: prices change between offer and create.", max_price),
      test("unknown-fields-and-states-tolerated",
           "A vendor's new member or state breaks nothing, and is taken for nothing it may not be.", strange_answers),
      test("garbage-is-unavailable", "An answer that can't be read is no empty list.", garbage),
      test("find-keeps-to-its-owner", "Machines of another agent on the same account are not ours to remove.",
           keeps_to_its_owner),
  };
}

}  // namespace stoker::check
