// A request whose answer was lost comes again, by itself: one job, whatever is lost and in what order it comes.
#include <atomic>
#include <thread>

#include "tests/api/openai/openai_world.h"

namespace stoker::api {
namespace {

class OpenaiRepetitionTest : public OpenaiWorld {
 protected:
  void SetUp() override {
    OpenaiWorld::SetUp();
    file = upload(chats(10));
  }

  static Fields retry(int count) {
    return {{"Content-Type", "application/json"}, {"X-Stainless-Retry-Count", std::to_string(count)}};
  }
  Answer send(const std::string& body, const Fields& fields, const std::string& token = kApp) {
    return call("POST", kJobs, body, token, fields);
  }
  std::string file;
};

TEST_F(OpenaiRepetitionTest, GivesTheSameJob) {
  const std::string body = request(file);
  const std::string id = text_of(send(body, retry(0)), "id");
  ASSERT_FALSE(id.empty());
  EXPECT_EQ(text_of(send(body, retry(1)), "id"), id);
  EXPECT_EQ(text_of(send(body, retry(2)), "id"), id);
  EXPECT_EQ(fine_tunes(), 1);
  EXPECT_EQ(jobs(), 1);
}

TEST_F(OpenaiRepetitionTest, EachFirstRequestIsAJobOfItsOwn) {
  const std::string body = request(file);
  const std::string one = text_of(send(body, retry(0)), "id"), two = text_of(send(body, retry(0)), "id");
  EXPECT_NE(one, two);
  EXPECT_EQ(text_of(send(body, retry(1)), "id"), two) << "the newest is the one whose answer was lost";
  EXPECT_NE(text_of(send(body, {{"Content-Type", "application/json"}}), "id"), two);
  EXPECT_NE(text_of(send(body + " ", retry(1)), "id"), two) << "other bytes are another request";
  EXPECT_EQ(fine_tunes(), 4);
}

TEST_F(OpenaiRepetitionTest, IsKnownForTenMinutesAndToItsOwnerAlone) {
  const std::string body = request(file);
  const std::string id = text_of(send(body, retry(0)), "id");
  EXPECT_EQ(send(body, retry(1), kOther).status, 400) << "another's file, and another's job";
  EXPECT_EQ(text_of(send(body, retry(1), kAdmin), "id").empty(), false);
  EXPECT_NE(text_of(send(body, retry(1), kAdmin), "id"), id);
  db.write("long ago", [](store::Connection& c) { c.exec("UPDATE fine_tunes SET created_ms = created_ms - 600001"); });
  EXPECT_NE(text_of(send(body, retry(1)), "id"), id);
  EXPECT_EQ(fine_tunes(), 3);
}

TEST_F(OpenaiRepetitionTest, IsAnsweredThoughItsFileIsGone) {
  const std::string body = request(file);
  const std::string id = text_of(send(body, retry(0)), "id");
  db.write("gone", [](store::Connection& c) { c.exec("DELETE FROM files"); });
  EXPECT_EQ(text_of(send(body, retry(1)), "id"), id);
}

TEST_F(OpenaiRepetitionTest, OneThatNeverArrivedIsMadeByItsRepetition) {
  const std::string id = text_of(send(request(file), retry(1)), "id");
  EXPECT_FALSE(id.empty());
  EXPECT_EQ(text_of(send(request(file), retry(2)), "id"), id);
  EXPECT_EQ(fine_tunes(), 1);
}

TEST_F(OpenaiRepetitionTest, OneThatOvertookItsFirstIsTheJobOfBoth) {
  const std::string id = text_of(send(request(file), retry(1)), "id");
  EXPECT_EQ(text_of(send(request(file), retry(0)), "id"), id) << "it waited in a queue";
  db.write("a minute ago",
           [](store::Connection& c) { c.exec("UPDATE fine_tunes SET created_ms = created_ms - 60001"); });
  EXPECT_NE(text_of(send(request(file), retry(0)), "id"), id) << "it is another";
  EXPECT_EQ(fine_tunes(), 2);
}

TEST_F(OpenaiRepetitionTest, SixteenAtOnceAreOneJob) {
  for (int round = 0; round < 5; ++round) {
    const std::string body = request(file, ",\"suffix\":\"round" + std::to_string(round) + "\"");
    std::vector<std::string> ids(16);
    std::vector<std::thread> callers;
    std::atomic<bool> go = false;
    for (int i = 0; i < 16; ++i)
      callers.emplace_back([&, i] {
        RawClient client(server->port());
        while (!go) std::this_thread::yield();
        const Answer answer = client.call("POST", std::string("/openai/v1") + kJobs, kApp, retry(1 + i), body);
        ids[static_cast<size_t>(i)] = text_of(answer, "id");
      });
    go = true;
    for (std::thread& caller : callers) caller.join();
    for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
    EXPECT_FALSE(ids[0].empty());
    EXPECT_EQ(fine_tunes(), round + 1);
    EXPECT_EQ(jobs(), round + 1);
  }
}

TEST_F(OpenaiRepetitionTest, AKeyGivesOneJobWhateverTheCount) {
  const auto keyed = [&](const std::string& body, const std::string& key, const char* token = kApp) {
    return send(body, {{"Content-Type", "application/json"}, {"Idempotency-Key", key}}, token);
  };
  const std::string id = text_of(keyed(request(file), "k1"), "id");
  ASSERT_FALSE(id.empty());
  EXPECT_EQ(text_of(keyed(request(file), "k1"), "id"), id);
  EXPECT_NE(text_of(keyed(request(file), "k2"), "id"), id);
  EXPECT_EQ(fine_tunes(), 2);
  const Answer other = keyed(request(file, R"(,"suffix":"else")"), "k1");
  EXPECT_EQ(other.status, 400) << other.body;
  EXPECT_EQ(text_of(other, "error/code"), "conflict");
  EXPECT_EQ(keyed(request(file), std::string(256, 'k')).status, 400);
  EXPECT_EQ(refusal(send(request(file),
                         {{"Content-Type", "application/json"}, {"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}})),
            "400 invalid  | Idempotency-Key is empty, longer than 255 bytes, or there twice");
  EXPECT_EQ(fine_tunes(), 2);
}

TEST_F(OpenaiRepetitionTest, AKeyOfANativeJobIsRefused) {
  ASSERT_EQ(send(request(file), retry(0)).status, 200);
  // As it was asked for: what its template was rendered to is the agent's to say.
  const std::string spec = db.read([](store::Connection& c) {
    return c.execAndGet("SELECT json_remove(spec, '$.rendered') FROM jobs").getString();
  });
  jobs::Submission native;
  native.owner = "app";
  native.spec_json = R"({"run":"true","provider":"local"})";
  native.idempotency_key = "openai:k1";
  (void)supervisor.submit(native);
  native.spec_json = spec;
  native.idempotency_key = "openai:k2";
  (void)supervisor.submit(native);
  const auto keyed = [&](const std::string& key) {
    return refusal(send(request(file), {{"Content-Type", "application/json"}, {"Idempotency-Key", key}}));
  };
  EXPECT_EQ(keyed("k1"),
            "400 conflict  | this Idempotency-Key was used for another job spec; use a new key for a new job");
  EXPECT_EQ(keyed("k2"),
            "400 conflict  | this Idempotency-Key was used for a job of the native API; use a new key for a new job");
  EXPECT_EQ(fine_tunes(), 1);
}

// The client's connection breaks at any moment: before the request is whole, while it is answered, after it was.
TEST_F(OpenaiRepetitionTest, AThousandLostAnswersAreAJobEach) {
  constexpr int kLost = 1000;
  const std::string path = std::string("/openai/v1") + kJobs;
  for (int i = 0; i < kLost; ++i) {
    const std::string body = request(file, ",\"suffix\":\"n" + std::to_string(i) + "\"");
    for (int attempt = 0; attempt < 2; ++attempt) {
      RawClient lost(server->port());
      const std::string bytes = lost.request("POST", path, kApp, retry(attempt), body);
      lost.send(i % 4 == attempt ? bytes.substr(0, bytes.size() - 1) : bytes);
      std::string some;
      if (i % 3 == 0) (void)lost.receive(some, 1 + i % 5);
    }
    RawClient client(server->port());
    const Answer answer = client.call("POST", path, kApp, retry(2), body);
    ASSERT_EQ(answer.status, 200) << answer.body;
    if (i % 100 == 0) {
      EXPECT_EQ(text_of(answer, "id"), text_of(send(body, retry(3)), "id"));
    }
  }
  // Whoever was slowest has his answer by now: each reads and writes under one lock.
  server.reset();
  EXPECT_EQ(fine_tunes(), kLost);
  EXPECT_EQ(jobs(), kLost);
  EXPECT_EQ(db.read([](store::Connection& c) {
    return c.execAndGet("SELECT count(DISTINCT body_hash) FROM fine_tunes").getInt();
  }),
            kLost);
  serve();
}

}  // namespace
}  // namespace stoker::api
