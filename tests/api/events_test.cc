
#include <random>

#include "core/api/event_page.h"
#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

struct Event {
  int64_t id = 0;  // 0: none
  std::string kind, data;
};

// Takes whole events off the front of `bytes`.
std::vector<Event> take_events(std::string& bytes) {
  std::vector<Event> events;
  for (size_t end = bytes.find("\n\n"); end != std::string::npos; end = bytes.find("\n\n")) {
    std::string block = bytes.substr(0, end + 1);
    bytes.erase(0, end + 2);
    Event event;
    while (!block.empty()) {
      const std::string line = block.substr(0, block.find('\n'));
      block.erase(0, line.size() + 1);
      if (line.starts_with("id: ")) event.id = std::stoll(line.substr(4));
      if (line.starts_with("event: ")) event.kind = line.substr(7);
      if (line.starts_with("data: ")) event.data = line.substr(6);
    }
    if (!event.kind.empty()) events.push_back(event);
  }
  return events;
}

size_t thread_count() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) count += entry.exists() ? 1 : 0;
  return count;
}

class EventsTest : public World {
 protected:
  std::unique_ptr<RawClient> follow(int64_t after, int receive_buffer = 0) {
    auto client = std::make_unique<RawClient>(server->port(), receive_buffer);
    client->send(client->request("GET", "/v1/jobs/job1/events", kApp, {{"Last-Event-ID", std::to_string(after)}}));
    return client;
  }

  std::vector<Event> all_after(int64_t after) {
    auto client = follow(after);
    EXPECT_EQ(client->read_answer().status, 200);
    std::string bytes = client->read_to_end();
    auto events = take_events(bytes);
    EXPECT_EQ(bytes, "");
    return events;
  }

  void append_metrics(int count) {
    for (int i = 0; i < count; ++i) append("job1", "metric", R"({"t":1,"n":)" + std::to_string(i) + "}");
  }
};

TEST_F(EventsTest, GivesWhatWasAndWhatComesAndClosesAtTheEnd) {
  serve();
  add_job("job1");
  append_metrics(2);
  auto client = follow(0);
  EXPECT_EQ(client->read_answer().field("Content-Type"), "text/event-stream");
  append("job1", "state", R"({"t":2})");
  append("job1", "end", R"({"t":3})");
  std::string bytes = client->read_to_end();
  EXPECT_EQ(bytes,
            "id: 1\nevent: metric\ndata: {\"t\":1,\"n\":0}\n\nid: 2\nevent: metric\ndata: {\"t\":1,\"n\":1}\n\n"
            "id: 3\nevent: state\ndata: {\"t\":2}\n\nid: 4\nevent: end\ndata: {\"t\":3}\n\n");
  EXPECT_TRUE(all_after(4).empty());
  EXPECT_EQ(all_after(3).size(), 1u);
}

TEST_F(EventsTest, RefusesAnIdThatIsNoNumber) {
  serve();
  add_job("job1");
  for (const char* junk : {"x", "-1", "1x", "1.5", "99999999999999999999", "", "0x1"}) {
    RawClient client(server->port());
    const Answer answer = client.call("GET", "/v1/jobs/job1/events", kApp, {{"Last-Event-ID", junk}});
    EXPECT_EQ(answer.status, 400) << junk;
    EXPECT_NE(answer.body.find(R"("field":"Last-Event-ID")"), std::string::npos) << answer.body;
  }
  RawClient client(server->port());
  EXPECT_EQ(client.call("GET", "/v1/jobs/job1/events?after=x", kApp).status, 400);
  EXPECT_EQ(client.call("GET", "/v1/jobs/job1/events", kOther).status, 404);
}

TEST_F(EventsTest, AClientCutOffAtRandomSeesEveryEventOnceAndInOrder) {
  constexpr int kEvents = 2000;
  ServerContext it = context();
  it.recent_event_bytes = 20'000;
  serve(std::move(it));
  add_job("job1");
  std::jthread producer([&] {
    append_metrics(kEvents);
    append("job1", "end", R"({"t":9})");
  });
  std::mt19937 random(7);
  int64_t seen = 0;
  bool ended = false;
  for (int cuts = 0; !ended; ++cuts) {
    auto client = follow(seen);
    ASSERT_EQ(client->read_answer().status, 200);
    std::string bytes;
    const size_t stop = cuts < 100 ? random() % 4000 : SIZE_MAX;
    for (size_t got = 0; got < stop && client->receive(bytes);) {
      got += bytes.size();
      for (const Event& event : take_events(bytes)) {
        ASSERT_EQ(event.id, seen + 1);
        seen = event.id;
        ended = event.kind == "end";
      }
    }
  }
  producer.join();
  EXPECT_EQ(seen, kEvents + 1);
}

TEST_F(EventsTest, ManyClientsShareOneThreadAndMissNothing) {
  serve();
  add_job("job1");
  append_metrics(10);
  std::vector<std::unique_ptr<RawClient>> clients;
  clients.push_back(follow(0));
  ASSERT_EQ(clients.back()->read_answer().status, 200);
  const size_t threads = thread_count();
  for (int i = 1; i < 300; ++i) {
    clients.push_back(follow(i % 10));
    ASSERT_EQ(clients.back()->read_answer().status, 200);
  }
  append_metrics(200);
  EXPECT_EQ(thread_count(), threads);
  append("job1", "end", "{}");
  for (size_t i = 0; i < clients.size(); ++i) {
    std::string bytes = clients[i]->read_to_end();
    auto expected = static_cast<int64_t>(i % 10);
    for (const Event& event : take_events(bytes)) ASSERT_EQ(event.id, ++expected);
    ASSERT_EQ(expected, 211);
  }
}

TEST_F(EventsTest, ASlowReaderIsCutOff) {
  ServerContext it = context();
  it.recent_event_bytes = 100'000;
  it.stall_ms = 500;
  serve(std::move(it));
  add_job("job1");
  auto slow = follow(0, 4096);
  ASSERT_EQ(slow->read_answer().status, 200);
  const std::string big = R"({"x":")" + std::string(60'000, 'x') + R"("})";
  for (int i = 0; i < 200; ++i) append("job1", "metric", big);
  append("job1", "end", "{}");
  // Not a byte is read until the server has given up: the reset is seen here.
  pollfd hang_up{slow->fd(), POLLRDHUP, 0};
  EXPECT_EQ(::poll(&hang_up, 1, 10'000), 1);
  std::string bytes = slow->read_to_end();
  int64_t last = 0;
  for (const Event& event : take_events(bytes)) EXPECT_EQ(event.id, ++last);
  EXPECT_LT(last, 201);
  EXPECT_EQ(all_after(last).back().id, 201);
}

TEST_F(EventsTest, AStreamTooManyIsToldSo) {
  ServerContext it = context();
  it.max_streams = 1;
  serve(std::move(it));
  add_job("job1");
  auto first = follow(0);
  EXPECT_EQ(first->read_answer().status, 200);
  auto second = follow(0);
  const Answer refusal = second->read_answer();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.field("Connection"), "close");
  EXPECT_EQ(refusal.field("X-Content-Type-Options"), "nosniff");
  EXPECT_NE(refusal.body.find("\"detail\":\"too many streams are open\""), std::string::npos) << refusal.body;
  EXPECT_EQ(second->read_to_end(), "");
}

TEST_F(EventsTest, AQuietStreamSendsComments) {
  ServerContext it = context();
  it.heartbeat_ms = 50;
  serve(std::move(it));
  add_job("job1");
  auto client = follow(0);
  ASSERT_EQ(client->read_answer().status, 200);
  std::string bytes;
  while (bytes.size() < 6 && client->receive(bytes)) {
  }
  EXPECT_EQ(bytes.substr(0, 6), ":\n\n:\n\n");
}

TEST_F(EventsTest, LogEventsCarryTheirText) {
  serve();
  add_job("job1");
  set_log("job1", "first\nb\xff\xe2\x82\xac\n", store::JobState::running);
  append("job1", "log", R"({"t":1,"offset":0,"size":6,"stream":"out"})");
  append("job1", "log", R"({"t":1,"offset":6,"size":6,"stream":"out"})");
  append("job1", "end", "{}");
  const auto events = all_after(0);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].data, R"({"t":1,"offset":0,"size":6,"stream":"out","text":"first\n"})");
  EXPECT_EQ(events[1].data,
            "{\"t\":1,\"offset\":6,\"size\":6,\"stream\":\"out\",\"text\":\"b\xef\xbf\xbd\xe2\x82\xac\\n\"}");
}

TEST_F(EventsTest, AFollowedLogGoesOnUntilTheJobEnds) {
  serve();
  add_job("job1");
  set_log("job1", "one\n", store::JobState::running);
  RawClient client(server->port());
  client.send(client.request("GET", "/v1/jobs/job1/log?follow=true&from=1", kApp));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Transfer-Encoding"), "chunked");
  std::string bytes;
  while (bytes.size() < 8 && client.receive(bytes)) {
  }
  set_log("job1", "one\ntwo\n", store::JobState::succeeded);
  while (client.receive(bytes)) {
  }
  EXPECT_EQ(bytes, "3\r\nne\n\r\n4\r\ntwo\n\r\n0\r\n\r\n");
}

class FrameWriterTest : public testing::Test {
 protected:
  void add(int64_t seq, int64_t t_ms, const std::string& kind) { writer.append(page, {seq, t_ms, kind, "{}"}); }
  std::string shown() {
    std::string bytes = page.bytes, text;
    for (const Event& event : take_events(bytes)) text += event.kind.substr(0, 1) + std::to_string(event.id) + " ";
    return text;
  }
  EventPage page{0};
  FrameWriter writer{"/nonexistent"};
};

TEST_F(FrameWriterTest, ProgressIsThinnedToTheNewestOfEachSecond) {
  add(1, 0, "progress");
  add(2, 100, "progress");
  add(3, 900, "progress");
  add(4, 1000, "progress");
  EXPECT_EQ(shown(), "p1 p4 ");
  add(5, 1500, "progress");
  writer.release(page, 1999);
  EXPECT_EQ(shown(), "p1 p4 ");
  writer.release(page, 2000);
  EXPECT_EQ(shown(), "p1 p4 p5 ");
  EXPECT_FALSE(writer.holds());
}

TEST_F(FrameWriterTest, ProgressThatOthersOvertookHasNoId) {
  add(1, 0, "progress");
  add(2, 100, "progress");
  add(3, 200, "metric");
  add(4, 1100, "metric");
  EXPECT_EQ(shown(), "p1 m3 p0 m4 ");
  EXPECT_EQ(page.offset_after(4), page.bytes.size());
}

TEST_F(FrameWriterTest, TheNewestProgressComesBeforeTheEnd) {
  add(1, 0, "progress");
  add(2, 10, "progress");
  add(3, 20, "end");
  EXPECT_EQ(shown(), "p1 p2 e3 ");
}

}  // namespace
}  // namespace stoker::api
