#include "core/cli/agent_client.h"

#include <gmock/gmock.h>

#include <mutex>

#include "core/cli/command.h"
#include "core/cli/follow.h"
#include "tests/cli/test_server.h"

namespace stoker::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename F>
Error caught(F act) {
  try {
    act();
  } catch (const Error& e) {
    return e;
  }
  return {Fault::internal, "no error"};
}

TEST(AgentClient, sends_the_token_and_the_body) {
  SystemClock clock;
  const Server server([](auto& request, auto& response) {
    const std::string body(std::istreambuf_iterator<char>(request.stream()), {});
    answer(response, 200,
           request.getMethod() + " " + request.getURI() + " " + request.get("Authorization") + " " +
               request.get("Idempotency-Key", "-") + " " + body);
  });
  const AgentClient client = server.client(clock);
  EXPECT_EQ(client.get("/v1/jobs"), "GET /v1/jobs Bearer secret - ");
  EXPECT_EQ(client.post("/v1/jobs", "{}", {{"Idempotency-Key", "k"}}), "POST /v1/jobs Bearer secret k {}");
  EXPECT_EQ(client.patch("/v1/accounts/a", "{}"), "PATCH /v1/accounts/a Bearer secret - {}");
  EXPECT_EQ(client.remove("/v1/instances/i"), "DELETE /v1/instances/i Bearer secret - ");
  EXPECT_TRUE(client.answers());
}

TEST(AgentClient, turns_a_problem_into_an_error) {
  SystemClock clock;
  const Server server([](auto&, auto& response) {
    answer(
        response, 422,
        R"({"type":"about:blank","title":"bad spec","status":422,"detail":"max_cost must be a number","code":"invalid",)"
        R"("hint":"for example 5\u001b[2J","field":"limits.max_cost"})");
  });
  const Error e = caught([&] { (void)server.client(clock).get("/v1/jobs"); });
  EXPECT_EQ(e.fault, Fault::invalid);
  EXPECT_STREQ(e.what(), "max_cost must be a number");
  EXPECT_EQ(e.hint, "for example 5");
  EXPECT_EQ(e.field, "limits.max_cost");
}

TEST(AgentClient, says_when_something_else_answers) {
  const Error e = problem_error(500, "<html>");
  EXPECT_STREQ(e.what(), "the agent answered with HTTP status 500");
  EXPECT_EQ(e.hint, "is something else than a Stoker agent listening there?");
}

TEST(AgentClient, says_when_nobody_answers) {
  SystemClock clock;
  const AgentClient none([] { return std::nullopt; }, clock);
  const Error e = caught([&] { (void)none.get("/v1/jobs"); });
  EXPECT_STREQ(e.what(), "no agent is running");
  EXPECT_EQ(e.code, kNoAgent);
  uint16_t port = 0;
  {
    const net::ServerSocket closed(net::SocketAddress("127.0.0.1", 0));
    port = closed.address().port();
  }
  const AgentClient dead([port] { return ClientView{"127.0.0.1", port, "t"}; }, clock);
  EXPECT_FALSE(dead.answers());
  EXPECT_THAT(caught([&] { (void)dead.get("/"); }).what(), HasSubstr("does not answer"));
}

// The first connection breaks after event 2, the second sends 2 again, as a restarted agent may.
TEST(Follow, shows_each_event_once_over_many_connections) {
  SystemClock clock;
  std::mutex mutex;
  std::vector<std::string> resumed;
  const Server server([&](auto& request, auto& response) {
    size_t turn = 0;
    {
      const std::lock_guard lock(mutex);
      turn = resumed.size();
      resumed.push_back(request.get("Last-Event-ID", "-"));
    }
    if (turn == 1) return answer(response, 503, "{}");
    response.setContentType("text/event-stream");
    response.setChunkedTransferEncoding(true);
    std::ostream& out = response.send();
    if (turn == 0)
      out << "id: 1\nevent: state\ndata: {}\n\n: beat\n\nid: 2\nevent: log\ndata: {}\n\nid: 3\nevent: lo" << std::flush;
    if (turn > 1)
      out << "id: 2\nevent: log\ndata: {}\n\nid: 3\nevent: log\ndata: {}\n\nid: 4\nevent: end\ndata: {}\n\n"
          << std::flush;
  });
  std::vector<int64_t> ids;
  std::vector<bool> connections;
  FollowOptions options;
  options.retry_ms = 1;
  const bool ended = follow_events(
      server.client(clock), clock, "job", options, [&](const ServerEvent& event) { ids.push_back(event.id); },
      [] { return true; }, [&](bool lost) { connections.push_back(lost); });
  EXPECT_TRUE(ended);
  EXPECT_THAT(ids, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(resumed, ElementsAre("-", "2", "2"));
  EXPECT_THAT(connections, ElementsAre(true, false));
}

TEST(Follow, gives_up_when_the_agent_stays_away) {
  SystemClock clock;
  const AgentClient none([] { return std::nullopt; }, clock);
  FollowOptions options;
  options.retry_ms = 1;
  options.come_back_ms = 30;
  const Error e = caught(
      [&] { follow_events(none, clock, "job", options, [](const ServerEvent&) {}, [] { return true; }, [](bool) {}); });
  EXPECT_EQ(e.code, kNoAgent);
}

TEST(Follow, a_refusal_is_final) {
  SystemClock clock;
  const Server server([](auto&, auto& response) { answer(response, 404, R"({"detail":"no job `x`"})"); });
  const Error e = caught([&] {
    follow_events(server.client(clock), clock, "x", {}, [](const ServerEvent&) {}, [] { return true; }, [](bool) {});
  });
  EXPECT_STREQ(e.what(), "no job `x`");
}

TEST(FullId, takes_a_unique_prefix) {
  SystemClock clock;
  const Server server([](auto& request, auto& response) {
    const bool first = request.getURI().find("after=") == std::string::npos;
    answer(response, 200,
           first ? R"({"data":[{"id":"abc1"},{"id":"abd2"}],"has_more":true})"
                 : R"({"data":[{"id":"xyz3"}],"has_more":false})");
  });
  const AgentClient client = server.client(clock);
  EXPECT_EQ(full_id(client, "/v1/instances", "xy"), "xyz3");
  EXPECT_EQ(full_id(client, "/v1/instances", "abc"), "abc1");
  EXPECT_EQ(caught([&] { (void)full_id(client, "/v1/instances", "ab"); }).hint, "it may be: abc1 abd2");
  EXPECT_STREQ(caught([&] { (void)full_id(client, "/v1/jobs", "q"); }).what(), "no id among the jobs begins with `q`");
  EXPECT_STREQ(caught([&] { (void)full_id(client, "/v1/jobs", "../x"); }).what(), "`../x` is not an id");
}

}  // namespace
}  // namespace stoker::cli
