// A real provider library does as its script says; what the core makes of it.
#include "core/plugin_host/provider.h"

#include <atomic>
#include <thread>

#include "core/plugin_host/call.h"
#include "tests/plugin_host/plugin_folder.h"

namespace stoker::plugin_host {
namespace {

class ProviderTest : public PluginFolderTest {
 protected:
  Provider& script(const std::string& call, const std::string& what, const std::string& id = "scripted") {
    if (!std::filesystem::exists(own / (id + ".so"))) install(id, own);
    RegistryOptions with = options({id});
    with.config = {{id + ".region", "north"}, {id + "." + call, what}};
    with.mask = [](std::string text) {
      for (size_t at; (at = text.find("secret-token")) != std::string::npos;) text.replace(at, 12, "************");
      return text;
    };
    made_ = nullptr;  // before the plugin it came from goes
    made_ = open(with).make(id, {}, {});
    return *made_;
  }
  ~ProviderTest() override { made_ = nullptr; }
  std::string breach(const std::string& call, const std::string& fault, const std::string& what,
                     const std::string& id = "scripted") {
    return fault + " | " + id + ": " + call + " broke the contract of plugins: " + what + " | this is a bug of " +
           (own / (id + ".so")).string() + "; tell its author, or use another version";
  }
  std::string offers_with(const std::string& what) {
    Provider& provider = script("list_offers", what);
    return failure_of([&] { provider.list_offers({}, {}); });
  }
  std::string create_with(const std::string& what, const std::string& id = "scripted") {
    Provider& provider = script("create", what, id);
    return failure_of([&] { provider.create({}, {}); });
  }

  std::shared_ptr<Provider> made_;
};

TEST_F(ProviderTest, FactsAndResultsComeThrough) {
  Provider& provider = script("list_offers", "ok");
  EXPECT_EQ(provider.facts().id, "scripted");
  EXPECT_EQ(provider.facts().name, "Scripted");
  EXPECT_EQ(provider.facts().capabilities, STOKER_CAP_SPOT | STOKER_CAP_USER_DATA);
  EXPECT_EQ(provider.facts().power_off, STOKER_POWER_OFF_STOPS_BILLING);
  EXPECT_EQ(provider.facts().settle_ms, 1234);
  EXPECT_EQ(provider.facts().min_create_interval_ms, 55);

  OfferQuery query;
  query.region = "moon";
  const auto offers = provider.list_offers(query, {});
  ASSERT_EQ(offers.size(), 1u);
  EXPECT_EQ(offers[0].id, "o-1");
  EXPECT_EQ(offers[0].region, "moon");
  EXPECT_EQ(offers[0].gpu_model, "H100");
  EXPECT_EQ(offers[0].gpu_count, 8u);
  EXPECT_EQ(offers[0].opaque, "1 raw");
  EXPECT_EQ(offers[0].price.per_hour.micros, 2500000);
  EXPECT_EQ(offers[0].price.per_hour.currency, "USD");
  EXPECT_EQ(offers[0].price.granularity_s, 60u);
  EXPECT_EQ(offers[0].price.flags, uint32_t{STOKER_PRICE_SPOT});

  const Account account = provider.validate({});
  EXPECT_EQ(account.name, "Ann");
  EXPECT_EQ(account.balance->micros, -5);
  EXPECT_EQ(account.balance->currency, "EUR");

  const Instance instance = provider.get({"i-1", "", ""}, {});
  EXPECT_EQ(instance.state, InstanceState::running);
  EXPECT_EQ(instance.ssh_host, "192.0.2.1");
  EXPECT_EQ(instance.ssh_port, 2222u);
  EXPECT_EQ(instance.host_public_key, "ssh-ed25519 AAAA");
  EXPECT_EQ(instance.deadline_ms, 34);
  EXPECT_EQ(provider.find("owner", "", {}).size(), 1u);
  EXPECT_NO_THROW(provider.remove({"i-1", "", ""}, {}));
}

TEST_F(ProviderTest, TheRequestReachesThePlugin) {
  Provider& provider = script("create", "echo");
  CreateRequest request;
  request.client_token = "stk-1";
  request.owner = "install";
  request.tags = {{"job", "j1"}};
  request.deadline_ms = 77;
  request.max_micros_per_hour = 5;
  request.spot = true;
  EXPECT_EQ(provider.create(request, {}).at(0).status_text, "stk-1|install|job=j1|77|5|USD|1");
}

TEST_F(ProviderTest, EveryStatusIsItsFault) {
  for (int status = STOKER_E_INVALID; status <= STOKER_E_UNKNOWN_OUTCOME; ++status) {
    Provider& provider = script("get", "fail:" + std::to_string(status));
    try {
      (void)provider.get({"i-1", "", ""}, {});
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, static_cast<Fault>(status));
      EXPECT_STREQ(error.what(), "the cloud said no to ************");
      EXPECT_EQ(error.hint, "ask it nicely");
      EXPECT_EQ(error.field, "token");
      EXPECT_EQ(error.code, "E42");
      EXPECT_EQ(error.retry_after_ms, 1500);
    }
  }
}

TEST_F(ProviderTest, AStatusWithoutWordsGetsSome) {
  EXPECT_EQ(offers_with("bare:12"), "rate_limited | scripted: list_offers failed: rate_limited | ");
}

TEST_F(ProviderTest, AStatusThatDoesNotExist) {
  EXPECT_EQ(offers_with("bare:99"), breach("list_offers", "internal", "it returned status 99, which does not exist"));
  EXPECT_EQ(offers_with("bare:-1"), breach("list_offers", "internal", "it returned status -1, which does not exist"));
  EXPECT_EQ(create_with("bare:99"), breach("create", "unknown_outcome", "it returned status 99, which does not exist"));
}

TEST_F(ProviderTest, CancelledThoughNobodyAsked) {
  EXPECT_EQ(create_with("bare:1"),
            breach("create", "unknown_outcome", "it says it was cancelled, but nobody asked it to"));
}

TEST_F(ProviderTest, ExceptionsStopAtTheBoundary) {
  Provider* provider = &script("list_offers", "throw", "throwing");
  EXPECT_EQ(failure_of([&] { provider->list_offers({}, {}); }),
            breach("list_offers", "internal", "an exception left it: boom", "throwing"));
  provider = &script("remove", "throw_int", "throwing");
  EXPECT_EQ(failure_of([&] { provider->remove({"i", "", ""}, {}); }),
            breach("remove", "internal", "an exception left it that is not a std::exception", "throwing"));
  EXPECT_EQ(create_with("throw", "throwing"),
            breach("create", "unknown_outcome", "an exception left it: boom", "throwing"));
}

TEST_F(ProviderTest, SmallerAndLargerStructsAreReadToTheirEnd) {
  const auto small = script("list_offers", "small").list_offers({}, {});
  ASSERT_EQ(small.size(), 1u);
  EXPECT_EQ(small[0].zone, "north-a");
  EXPECT_EQ(small[0].machine, "");
  EXPECT_EQ(small[0].gpu_count, 0u);
  EXPECT_EQ(small[0].price.per_hour.micros, 0);
  const auto large = script("list_offers", "large").list_offers({}, {});
  ASSERT_EQ(large.size(), 1u);
  EXPECT_EQ(large[0].opaque, "1 raw");
}

TEST_F(ProviderTest, SizesAreCapped) {
  const auto broken = [&](const std::string& what) { return breach("list_offers", "internal", what); };
  EXPECT_EQ(offers_with("flood"), broken("it sent more than 100000 items"));
  EXPECT_EQ(offers_with("long"), broken("offer machine has 70000 bytes, over the limit of 65536"));
  EXPECT_EQ(offers_with("opaque"), broken("offer opaque has 5000 bytes, over the limit of 4096"));
  EXPECT_EQ(offers_with("null_text"), broken("offer machine has a size but no data"));
  EXPECT_EQ(offers_with("null"), broken("offer is null"));
  EXPECT_EQ(offers_with("no_size"), broken("offer has no struct_size"));
}

TEST_F(ProviderTest, ValuesThatCanNotBeAreRefused) {
  const auto broken = [&](const std::string& what) { return breach("list_offers", "internal", what); };
  EXPECT_EQ(offers_with("negative"), broken("price per hour is negative"));
  EXPECT_EQ(offers_with("currency"), broken("price per hour has no ISO 4217 currency"));
  EXPECT_EQ(offers_with("no_id"), broken("an offer has no id"));
  EXPECT_EQ(create_with("port"), breach("create", "unknown_outcome", "instance ssh_port is no port"));
  EXPECT_EQ(script("list_offers", "bad_utf8").list_offers({}, {}).at(0).machine,
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(script("get", "state").get({"i-1", "", ""}, {}).state, InstanceState::unknown);
  EXPECT_STREQ(to_string(static_cast<InstanceState>(77)), "unknown");
}

TEST_F(ProviderTest, AnswersThatContradictThemselves) {
  EXPECT_EQ(create_with("contradict"),
            breach("create", "unknown_outcome", "it named an instance and failed with status 11"));
  EXPECT_EQ(create_with("silent"), breach("create", "unknown_outcome", "it succeeded without naming an instance"));
  EXPECT_EQ(script("create", "twice").create({}, {}).size(), 2u);
  Provider* provider = &script("get", "other");
  EXPECT_EQ(failure_of([&] { (void)provider->get({"i-1", "", ""}, {}); }),
            breach("get", "internal", "it answered for another instance"));
  provider = &script("get", "silent");
  EXPECT_EQ(failure_of([&] { (void)provider->get({"i-1", "", ""}, {}); }),
            breach("get", "internal", "it succeeded without naming one instance"));
  provider = &script("validate", "silent");
  EXPECT_EQ(failure_of([&] { (void)provider->validate({}); }),
            breach("validate", "internal", "it succeeded without naming one account"));
}

TEST_F(ProviderTest, RemovingWhatIsGoneIsSuccess) {
  EXPECT_NO_THROW(script("remove", "bare:9").remove({"i-1", "", ""}, {}));
  EXPECT_EQ(failure_of([&] { script("remove", "bare:13").remove({"i-1", "", ""}, {}); }),
            "unavailable | scripted: remove failed: unavailable | ");
}

TEST_F(ProviderTest, SleepEndsWithTheDeadlineAndWithCancel) {
  Provider& provider = script("find", "sleep");
  EXPECT_EQ(failure_of([&] { provider.find("o", "", {{}, clock.mono_ms() + 20}); }),
            "deadline | scripted: find took longer than allowed | ");
  std::stop_source stop;
  std::thread canceller([&] { stop.request_stop(); });
  EXPECT_EQ(failure_of([&] { provider.find("o", "", {stop.get_token()}); }),
            "cancelled | scripted: find was cancelled | ");
  canceller.join();
}

TEST_F(ProviderTest, WhoIgnoresCancelIsBelievedAndNoted) {
  // The log line that the plugin writes is where time jumps.
  struct JumpingClock final : Clock {
    SystemClock real;
    std::atomic<int64_t> ahead{0};
    [[nodiscard]] int64_t wall_ms() const override { return real.wall_ms(); }
    [[nodiscard]] int64_t mono_ms() const override { return real.mono_ms() + ahead; }
    void wait(Signal& signal, uint64_t seen, const Wait& until) override { real.wait(signal, seen, until); }
    std::thread start(const std::string& name, std::function<void()> run) override {
      return real.start(name, std::move(run));
    }
  } jumping;
  std::stop_source stop;
  log.on_line = [&](const std::string& line) {
    if (line != "working on") return;
    stop.request_stop();
    jumping.ahead += 5000;
  };
  install("scripted", own);
  RegistryOptions with = options({"scripted"});
  with.config = {{"scripted.region", "north"}, {"scripted.create", "deaf"}};
  registry = std::make_unique<Registry>(with, jumping, log);
  EXPECT_EQ(registry->make("scripted", {}, {})->create({}, {stop.get_token()}).size(), 1u)
      << "a machine that exists is not dropped";
  registry.reset();  // before its clock goes
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "2 scripted working on");
  EXPECT_THAT(lines[1], testing::MatchesRegex("3 scripted create went on for 50.. ms after it was told to stop"));
}

struct TestService {
  stoker_status (*use)(stoker_call*);
};

TEST_F(ProviderTest, ServicesKnowWhoCallsAndWhatItMay) {
  EXPECT_EQ(failure_of([&] { script("remove", "service").remove({"i-1", "", ""}, {}); }),
            "unsupported | scripted: remove failed: unsupported | ");
  static const TestService service{[](stoker_call* call) {
    const bool right = call->host.plugin() == "scripted" && call->doing == "remove" &&
                       call->wait.deadline_ms == 1LL << 60 && call->account->account == "mine";
    return stoker_status{right ? STOKER_E_QUOTA : STOKER_E_CONFLICT};
  }};
  made_ = nullptr;
  RegistryOptions with = options({"scripted"});
  with.config = {{"scripted.region", "north"}, {"scripted.remove", "service"}};
  with.services = {{"test.service/1", &service}};
  Registry& all = open(with);
  EXPECT_EQ(all.setup("scripted").allowed_hosts, (std::vector<std::string>{"api.scripted.test", "*.storage.test"}));
  const auto provider = all.make("scripted", {}, all.link("scripted", "mine", nullptr));
  EXPECT_EQ(failure_of([&] { provider->remove({"i-1", "", ""}, {{}, 1LL << 60}); }),
            "quota | scripted: remove failed: quota | ");
}

TEST_F(ProviderTest, CallsOnOneObjectAreSerial) {
  Provider& provider = script("list_offers", "serial");
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        if (failure_of([&] { provider.list_offers({}, {}); }) != "nothing was thrown") ++failures;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(ProviderTest, WaitingForATurnCanBeCancelled) {
  Provider& provider = script("find", "sleep");
  std::stop_source first, second;
  std::atomic<bool> started{false};
  std::thread busy([&] {
    started = true;
    EXPECT_EQ(failure_of([&] { provider.find("o", "", {first.get_token()}); }),
              "cancelled | scripted: find was cancelled | ");
  });
  while (!started) std::this_thread::yield();
  // Whichever comes first, this call ends at its own deadline: in its turn or waiting for it.
  EXPECT_THAT(failure_of([&] { provider.find("o", "", {second.get_token(), clock.mono_ms() + 30}); }),
              testing::MatchesRegex("deadline . scripted: find:? took longer than allowed . "));
  first.request_stop();
  busy.join();
}

}  // namespace
}  // namespace stoker::plugin_host
