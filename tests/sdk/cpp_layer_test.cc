// The C++ layer as a host meets it: through the C tables of a plugin built into this program.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "sdk/include/stoker/cpp/plugin.hpp"
#include "tests/sdk/fake_host.h"

namespace {

using stoker::Call;
using stoker::Config;
using stoker::Emit;
using stoker::Failure;

// Does what its setting `mode` says; everything else a provider can do in the plainest form.
class Scripted : public stoker::Provider, public stoker::Resources {
 public:
  explicit Scripted(const Config& config) : mode_(config.required("mode")), count_(config.integer("count", 1)) {}

  stoker::Account validate(Call& call) override {
    if (mode_ == "failure") {
      throw Failure{STOKER_E_AUTH, "the token is refused"}
          .blame("token")
          .hint("make a new one")
          .code("401")
          .retry_after(7);
    }
    throw_by_mode();
    if (mode_ == "http") {
      const auto answer =
          call.http().get("https://acme.example/account").secret("Authorization", "Bearer ", "token").send();
      return {.id = std::to_string(answer.status()), .name = answer.body() + std::string(answer.header("x-name"))};
    }
    if (mode_ == "secret") {
      std::string seen;
      call.with_secret("token", [&](std::string_view secret) { seen = secret; });
      return {.id = seen, .name = {}};
    }
    if (mode_ == "sleep") call.sleep(std::chrono::milliseconds(1));
    if (mode_ == "check") call.check();
    return {.id = "me", .name = "Me", .balance = {5000000, "EUR"}};
  }

  void list_offers(Call&, const stoker::OfferQuery& query, const Emit<stoker::Offer>& emit) override {
    for (std::int64_t i = 0; i < count_; ++i) {
      emit({.id = "o" + std::to_string(i),
            .region = std::string(query.region),
            .price = {.per_hour = {1250000, "USD"}}});
    }
  }

  void create(Call&, const stoker::CreateRequest& request, const Emit<stoker::Instance>& emit) override {
    throw_by_mode();
    emit({.id = "i", .client_token = std::string(request.client_token), .name = std::to_string(request.deadline_ms)});
  }
  void find(Call&, const stoker::FindQuery&, const Emit<stoker::Instance>&) override {}
  stoker::Instance get(Call&, const stoker::InstanceRef& ref) override { return {.id = std::string(ref.id)}; }
  void remove(Call&, const stoker::InstanceRef&) override {}
  void list_resources(Call&, const stoker::FindQuery&, const Emit<stoker::Resource>& emit) override {
    emit({.kind = STOKER_RESOURCE_SSH_KEY, .id = "kept"});
  }
  void remove_resource(Call&, const stoker::Resource& one) override {
    throw Failure{STOKER_E_FORBIDDEN, one.id + " is never removed"};
  }

 private:
  void throw_by_mode() const {
    if (mode_ == "bad_alloc") throw std::bad_alloc();
    if (mode_ == "runtime_error") throw std::runtime_error("a broken answer");
    if (mode_ == "int") throw 42;
  }

  std::string mode_;
  std::int64_t count_;
};

class Lines : public stoker::LogParser {
 public:
  Lines(const stoker::StreamInfo& info, const Config&) : at_(info.start_offset), max_(info.max_line_bytes) {}
  static int detect(std::string_view head) { return head.starts_with("lines") ? 250 : 0; }

  void push(std::string_view bytes, const stoker::LogEmit& emit) override {
    if (bytes == "throw") throw std::runtime_error("cannot read this");
    const stoker_field fields[] = {stoker::field("n", bytes.size()), stoker::field("r", 0.5),
                                   stoker::field("t", "text"), stoker::field("b", true)};
    emit({.kind = STOKER_EVENT_METRIC,
          .first_byte = at_,
          .last_byte = at_ + bytes.size() - 1,
          .text = bytes,
          .fields = fields});
    at_ += bytes.size();
  }
  void finish(std::int32_t why, const stoker::LogEmit& emit) override { emit({.kind = why, .first_byte = max_}); }

 private:
  std::uint64_t at_;
  std::uint32_t max_;
};

constexpr stoker::Descriptor kScripted{
    .id = "test.scripted", .name = "Scripted", .capabilities = STOKER_CAP_SPOT, .settle_ms = 7};
constexpr stoker::Descriptor kLines{.id = "test.lines", .name = "Lines"};
constexpr stoker::Choice kModes[] = {{"ok", "Succeed"}, {"int", "Throw"}};
constexpr stoker::ConfigField kSchema[] = {
    {.key = "mode", .label = "Mode", .kind = STOKER_FIELD_CHOICE, .flags = STOKER_FIELD_REQUIRED, .choices = kModes},
    {.key = "count", .label = "Count", .kind = STOKER_FIELD_INT, .default_value = "1"}};

}  // namespace

STOKER_PLUGIN("test.plugin", "3.1.4", stoker::log_parser<Lines>(kLines), stoker::provider<Scripted>(kScripted, kSchema))

namespace {

class CppLayer : public testing::Test {
 protected:
  CppLayer() { EXPECT_EQ(plugin().init(host_.table(), &call_), STOKER_OK); }
  ~CppLayer() override {
    if (provider_ != nullptr) provider_->destroy(provider_);
    plugin().deinit();
  }

  static const stoker_plugin& plugin() { return *stoker_plugin_entry(); }
  static const stoker_provider_factory& providers() {
    return *static_cast<const stoker_provider_factory*>(plugin().get_factory(STOKER_PROVIDER_FACTORY));
  }
  static const stoker_log_parser_factory& parsers() {
    return *static_cast<const stoker_log_parser_factory*>(plugin().get_factory(STOKER_LOG_PARSER_FACTORY));
  }

  stoker_provider* make(std::string_view mode, std::int64_t count = 1) {
    const stoker_field config[] = {stoker::field("mode", mode), stoker::field("count", count)};
    EXPECT_EQ(providers().make(&call_, "test.scripted", config, 2, &provider_), STOKER_OK) << call_.message;
    return provider_;
  }

  stoker_status validate(std::string_view mode) {
    auto* provider = make(mode);
    return provider->validate(
        provider, &call_,
        [](void* user, const stoker_account* account) {
          static_cast<CppLayer*>(user)->account_ = {std::string(stoker::view(account->id)),
                                                    std::string(stoker::view(account->name)),
                                                    stoker::Money::from(account->balance)};
        },
        this);
  }

  stoker::test::FakeHost host_;
  stoker_call call_;
  stoker_provider* provider_ = nullptr;
  stoker::Account account_;
};

TEST_F(CppLayer, IdentityAndFactories) {
  EXPECT_EQ(plugin().magic, STOKER_MAGIC);
  EXPECT_EQ(plugin().struct_size, sizeof(stoker_plugin));
  EXPECT_EQ(plugin().abi_major, 1);
  EXPECT_EQ(plugin().abi_minor, STOKER_TARGET_MINOR);
  EXPECT_STREQ(plugin().id, "test.plugin");
  EXPECT_STREQ(plugin().version, "3.1.4");
  EXPECT_EQ(plugin().get_factory("stoker.provider-factory/2"), nullptr);
  EXPECT_EQ(plugin().get_factory("stoker.provider-factory/1x"), nullptr);
  ASSERT_EQ(providers().count(), 1U);
  EXPECT_STREQ(providers().describe(0)->id, "test.scripted");
  EXPECT_EQ(providers().describe(0)->capabilities, STOKER_CAP_SPOT);
  EXPECT_EQ(providers().describe(0)->settle_ms, 7);
  EXPECT_EQ(providers().describe(1), nullptr);
  ASSERT_EQ(parsers().count(), 1U);
  EXPECT_STREQ(parsers().describe(0)->name, "Lines");
}

TEST_F(CppLayer, SchemaComesInOrderWithItsChoices) {
  std::vector<std::string> rows;
  const stoker_config_sink sink{sizeof(stoker_config_sink), 0, &rows,
                                [](void* user, const stoker_config_field* row) {
                                  static_cast<std::vector<std::string>*>(user)->push_back(
                                      std::to_string(row->order) + std::string(stoker::view(row->key)));
                                },
                                [](void* user, stoker_str key, stoker_str value, stoker_str) {
                                  static_cast<std::vector<std::string>*>(user)->push_back(
                                      std::string(stoker::view(key)) + "=" + std::string(stoker::view(value)));
                                }};
  EXPECT_EQ(providers().config_schema("test.scripted", &sink), STOKER_OK);
  EXPECT_EQ(rows, (std::vector<std::string>{"0mode", "mode=ok", "mode=int", "1count"}));
  EXPECT_EQ(providers().config_schema("test.other", &sink), STOKER_E_NOT_FOUND);
}

TEST_F(CppLayer, FailureArrivesWhole) {
  EXPECT_EQ(validate("failure"), STOKER_E_AUTH);
  EXPECT_EQ(call_.message, "the token is refused");
  EXPECT_EQ(call_.config_key, "token");
  EXPECT_EQ(call_.hint, "make a new one");
  EXPECT_EQ(call_.provider_code, "401");
  EXPECT_EQ(call_.retry_after_ms, 7);
}

TEST_F(CppLayer, EveryOtherExceptionBecomesInternal) {
  EXPECT_EQ(validate("runtime_error"), STOKER_E_INTERNAL);
  EXPECT_EQ(call_.message, "a broken answer");
  EXPECT_EQ(call_.retry_after_ms, -1);
  provider_->destroy(provider_);
  EXPECT_EQ(validate("bad_alloc"), STOKER_E_INTERNAL);
  EXPECT_EQ(call_.message, "the plugin ran out of memory");
  provider_->destroy(provider_);
  EXPECT_EQ(validate("int"), STOKER_E_INTERNAL);
  EXPECT_EQ(call_.message, "the plugin threw something that is not a std::exception");
}

TEST_F(CppLayer, UnexpectedExceptionInCreateLeavesTheOutcomeUnknown) {
  auto* provider = make("runtime_error");
  const auto request = stoker::sized<stoker_create_request>();
  EXPECT_EQ(provider->create(provider, &call_, &request, nullptr, nullptr), STOKER_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(call_.message, "a broken answer");
}

TEST_F(CppLayer, AccountCarriesMoney) {
  EXPECT_EQ(validate("ok"), STOKER_OK);
  EXPECT_EQ(account_.id, "me");
  EXPECT_EQ(account_.balance.micros, 5000000);
  EXPECT_EQ(account_.balance.currency, "EUR");
}

TEST_F(CppLayer, BadConfigurationNamesItsField) {
  const stoker_field config[] = {stoker::field("mode", "ok"), stoker::field("count", "three")};
  stoker_provider* provider = nullptr;
  EXPECT_EQ(providers().make(&call_, "test.scripted", config, 2, &provider), STOKER_E_INVALID);
  EXPECT_EQ(provider, nullptr);
  EXPECT_EQ(call_.message, "count is not a whole number");
  EXPECT_EQ(call_.config_key, "count");
  EXPECT_EQ(providers().make(&call_, "test.scripted", nullptr, 0, &provider), STOKER_E_INVALID);
  EXPECT_EQ(call_.message, "mode is not set");
  EXPECT_EQ(providers().make(&call_, "test.none", nullptr, 0, &provider), STOKER_E_NOT_FOUND);
}

TEST_F(CppLayer, SinkThatStopsEndsTheCallWithItsStatus) {
  auto* provider = make("ok", 5);
  int seen = 0;
  const auto query = stoker::sized<stoker_offer_query>();
  const auto status = provider->list_offers(
      provider, &call_, &query,
      [](void* user, const stoker_offer* offer) -> stoker_status {
        EXPECT_EQ(offer->price->per_hour.micros, 1250000);
        return ++*static_cast<int*>(user) == 2 ? STOKER_E_CANCELLED : STOKER_OK;
      },
      &seen);
  EXPECT_EQ(status, STOKER_E_CANCELLED);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(call_.message, "");
}

TEST_F(CppLayer, ShorterStructOfAnOlderHostReadsAsNotSaid) {
  auto* provider = make("ok");
  auto request = stoker::sized<stoker_create_request>();
  request.client_token = stoker::str("t");
  request.deadline_ms = 99;
  request.struct_size = offsetof(stoker_create_request, deadline_ms);
  std::string name;
  const auto sink = [](void* user, const stoker_instance* instance) -> stoker_status {
    *static_cast<std::string*>(user) = stoker::view(instance->name);
    return STOKER_OK;
  };
  EXPECT_EQ(provider->create(provider, &call_, &request, sink, &name), STOKER_OK);
  EXPECT_EQ(name, "0");
}

TEST_F(CppLayer, LongerStructOfANewerHostIsReadAsFarAsKnown) {
  struct Newer {
    stoker_create_request known;
    std::uint64_t later;
  } request{};
  request.known.struct_size = sizeof(Newer);
  request.known.deadline_ms = 99;
  request.later = ~0ULL;
  auto* provider = make("ok");
  std::string name;
  const auto sink = [](void* user, const stoker_instance* instance) -> stoker_status {
    *static_cast<std::string*>(user) = stoker::view(instance->name);
    return STOKER_OK;
  };
  EXPECT_EQ(provider->create(provider, &call_, &request.known, sink, &name), STOKER_OK);
  EXPECT_EQ(name, "99");
}

TEST(EmitInRegions, ATypeThatCanNotBeReadIsNoShorterList) {
  std::vector<std::string> ids;
  const auto keep = [](void* user, const stoker_offer* offer) -> stoker_status {
    static_cast<std::vector<std::string>*>(user)->emplace_back(offer->id.data, offer->id.size);
    return STOKER_OK;
  };
  const stoker::Emit<stoker::Offer> emit(keep, &ids);
  stoker::Offer offer;
  offer.machine = "small";
  stoker::emit_in_regions(offer, {"north", "south"}, {}, emit);
  stoker::emit_in_regions(offer, {}, {}, emit);
  EXPECT_EQ(ids, (std::vector<std::string>{"small@north", "small@south", "small"}));
  const auto refusal = [&](const stoker::Offer& wrong) -> std::string {
    try {
      stoker::emit_in_regions(wrong, {"north"}, {}, emit);
    } catch (const stoker::Failure& failure) {
      return std::to_string(failure.status()) + " " + failure.message();
    }
    return "none";
  };
  offer.price.per_hour.micros = -1;
  EXPECT_EQ(refusal(offer), std::to_string(STOKER_E_UNAVAILABLE) + " the cloud listed small with a negative price");
  offer.machine.clear();
  EXPECT_EQ(refusal(offer), std::to_string(STOKER_E_UNAVAILABLE) + " the cloud listed a machine type without a name");
  EXPECT_EQ(ids.size(), 3U);
}

TEST_F(CppLayer, OnlyDerivedExtensionsAreOffered) {
  auto* provider = make("ok");
  EXPECT_EQ(provider->get_extension(provider, "stoker.provider.other/1"), nullptr);
  const auto* table = static_cast<const stoker_resources*>(provider->get_extension(provider, STOKER_EXT_RESOURCES));
  ASSERT_NE(table, nullptr);
  auto key = stoker::sized<stoker_resource>();
  key.id = stoker::str("kept");
  EXPECT_EQ(table->remove(provider, &call_, &key), STOKER_E_FORBIDDEN);
  EXPECT_EQ(call_.message, "kept is never removed");
  const auto query = stoker::sized<stoker_find_query>();
  int32_t kind = 0;
  const auto sink = [](void* user, const stoker_resource* one) {
    *static_cast<int32_t*>(user) = one->kind;
    return stoker_status{STOKER_OK};
  };
  EXPECT_EQ(table->list(provider, &call_, &query, sink, &kind), STOKER_OK);
  EXPECT_EQ(kind, STOKER_RESOURCE_SSH_KEY);
}

TEST_F(CppLayer, HttpRequestNamesSecretsAndReadsTheAnswer) {
  const stoker_http http{sizeof(stoker_http), 0,
                         [](stoker_call*, const stoker_http_request* request,
                            void (*sink)(void*, const stoker_http_response*), void* user) -> stoker_status {
                           EXPECT_EQ(stoker::view(request->method), "GET");
                           EXPECT_EQ(request->retry, STOKER_RETRY_ALWAYS);
                           EXPECT_EQ(request->n_secrets, 1U);
                           EXPECT_EQ(stoker::view(request->secrets[0].secret_key), "token");
                           const stoker_header headers[] = {{stoker::str("X-Name"), stoker::str("!")}};
                           auto response = stoker::sized<stoker_http_response>();
                           response.status = 418;
                           response.body = {"teapot", 6};
                           response.headers = headers;
                           response.n_headers = 1;
                           sink(user, &response);
                           return STOKER_OK;
                         }};
  host_.http = &http;
  EXPECT_EQ(validate("http"), STOKER_OK);
  EXPECT_EQ(account_.id, "418");
  EXPECT_EQ(account_.name, "teapot!");
}

TEST_F(CppLayer, TransportErrorKeepsTheHostsExplanation) {
  const stoker_http http{sizeof(stoker_http), 0,
                         [](stoker_call* call, const stoker_http_request*, void (*)(void*, const stoker_http_response*),
                            void*) -> stoker_status {
                           call->message = "said by the host";
                           return STOKER_E_UNAVAILABLE;
                         }};
  host_.http = &http;
  EXPECT_EQ(validate("http"), STOKER_E_UNAVAILABLE);
  EXPECT_EQ(call_.message, "said by the host");
}

TEST_F(CppLayer, MissingServiceIsUnsupported) {
  EXPECT_EQ(validate("http"), STOKER_E_UNSUPPORTED);
  EXPECT_EQ(call_.message, "this agent offers no HTTP service");
}

TEST_F(CppLayer, SecretIsLent) {
  const stoker_secrets secrets{
      sizeof(stoker_secrets), 0,
      [](stoker_call*, stoker_str, void (*sink)(void*, stoker_bytes), void* user) -> stoker_status {
        sink(user, {"s3cret", 6});
        return STOKER_OK;
      }};
  host_.secrets = &secrets;
  EXPECT_EQ(validate("secret"), STOKER_OK);
  EXPECT_EQ(account_.id, "s3cret");
}

TEST_F(CppLayer, CancelAndDeadlineEndTheCall) {
  call_.is_cancelled = true;
  EXPECT_EQ(validate("sleep"), STOKER_E_CANCELLED);
  provider_->destroy(provider_);
  EXPECT_EQ(validate("check"), STOKER_E_CANCELLED);
  provider_->destroy(provider_);
  call_.is_cancelled = false;
  call_.deadline_mono_ms = 0;
  EXPECT_EQ(validate("check"), STOKER_E_DEADLINE);
  EXPECT_EQ(call_.message, "the deadline of the call passed");
}

TEST_F(CppLayer, LogStreamEmitsAndSurvivesAThrow) {
  EXPECT_EQ(parsers().detect("test.lines", {"lines", 5}), 100);
  EXPECT_EQ(parsers().detect("test.none", {"lines", 5}), 0);
  auto info = stoker::sized<stoker_stream_info>();
  info.start_offset = 10;
  stoker_log_stream* stream = nullptr;
  ASSERT_EQ(parsers().open(&call_, "test.lines", &info, nullptr, 0, &stream), STOKER_OK);
  struct Seen {
    std::vector<stoker_log_event> events;
    std::vector<std::int32_t> types;
  } seen;
  const auto sink = [](void* user, const stoker_log_event* event) -> stoker_status {
    auto& into = *static_cast<Seen*>(user);
    into.events.push_back(*event);
    for (std::size_t i = 0; i < event->n_fields; ++i) into.types.push_back(event->fields[i].value.type);
    return event->kind == STOKER_FINISH_EOF ? STOKER_E_CANCELLED : STOKER_OK;
  };
  EXPECT_EQ(stream->push(stream, {"abc", 3}, sink, &seen), STOKER_OK);
  EXPECT_EQ(stream->push(stream, {"throw", 5}, sink, &seen), STOKER_E_INTERNAL);
  EXPECT_EQ(host_.lines(), std::vector<std::string>{"cannot read this"});
  EXPECT_EQ(stream->finish(stream, STOKER_FINISH_EOF, sink, &seen), STOKER_E_CANCELLED);
  ASSERT_EQ(seen.events.size(), 2U);
  EXPECT_EQ(seen.events[0].first_byte, 10U);
  EXPECT_EQ(seen.events[0].last_byte, 12U);
  EXPECT_EQ(seen.events[1].first_byte, STOKER_DEFAULT_MAX_LINE_BYTES);
  EXPECT_EQ(seen.types, (std::vector<std::int32_t>{STOKER_INT, STOKER_REAL, STOKER_TEXT, STOKER_BOOL}));
  stream->destroy(stream);
}

}  // namespace
