#include "core/api/server.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {
namespace {

class ServerTest : public World {
 protected:
  int status_of(const std::string& bytes) {
    RawClient client(server->port());
    client.send(bytes);
    return client.read_answer().status;
  }
  [[nodiscard]] std::string lines() const {
    return "Host: 127.0.0.1:" + std::to_string(server->port()) + "\r\nAuthorization: Bearer " + kApp + "\r\n";
  }
};

TEST_F(ServerTest, ListensOnLoopbackOnly) {
  for (const char* address : {"0.0.0.0:0", "192.168.1.1:0", "[::]:0", "example.com", ""}) {
    ServerContext it = context();
    it.listen = address;
    try {
      Server refused(std::move(it));
      ADD_FAILURE() << address;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::invalid);
      EXPECT_EQ(error.what(), "the agent listens on loopback addresses only, and " + std::string(address) + " is none");
    }
  }
}

TEST_F(ServerTest, SaysThatThePortIsTaken) {
  serve();
  ServerContext it = context();
  it.listen = "127.0.0.1:" + std::to_string(server->port());
  try {
    Server refused(std::move(it));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::unavailable);
  }
}

TEST_F(ServerTest, RefusesMalformedRequests) {
  serve();
  const std::string get = "GET /v1/jobs HTTP/1.1\r\n", post = "POST /v1/jobs HTTP/1.1\r\n";
  const std::string file = "POST /v1/files HTTP/1.1\r\n" + lines() + "Content-Type: application/octet-stream\r\n";
  EXPECT_EQ(status_of(get + lines() + "\r\n"), 200);
  EXPECT_EQ(status_of(post + lines() + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"), 400);
  EXPECT_EQ(status_of(post + lines() + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400);
  EXPECT_EQ(status_of(post + lines() + "Content-Length: +2\r\n\r\n{}"), 400);
  EXPECT_EQ(status_of(post + lines() + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
  EXPECT_EQ(status_of(get + lines() + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 413);
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, chunked", "chunked;q=1", "identity", "", "xchunked",
                             "chunked\r\nTransfer-Encoding: chunked", "chunked\r\ntransfer-encoding: identity"})
    EXPECT_EQ(status_of(file + "Transfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n"), 400) << coding;
  EXPECT_EQ(status_of("POST /v1/files HTTP/1.0\r\n" + lines() +
                      "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(status_of(file + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(status_of(post + lines() + "Content-Type: application/json\r\n\r\n"), 411);
  EXPECT_EQ(status_of(post + lines() + "Content-Type: application/json\r\nContent-Length: 1048577\r\n\r\n"), 413);
  EXPECT_EQ(status_of(post + lines() + "Content-Type: application/json\r\nContent-Length: 3\r\n\r\n{x}"), 400);
  EXPECT_EQ(status_of("GET /v1/jobs HTTP/1.1\nHost: x\n\n"), 400);
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n"), 414);
  EXPECT_EQ(status_of(std::string(20000, 'a')), 431);
  std::string many;
  for (int i = 0; i < 70; ++i) many += "X: y\r\n";
  EXPECT_EQ(status_of(get + many + "\r\n"), 431);
  EXPECT_EQ(status_of("\x16\x03\x01\n"), 400);
}

TEST_F(ServerTest, TakesAChunkedBodyAndThenTheNextRequest) {
  serve();
  RawClient client(server->port());
  const std::vector<std::pair<std::string, std::string>> fields = {{"Content-Type", "application/octet-stream"}};
  const std::string head = "POST /v1/files?name=c HTTP/1.1\r\n" + lines() +
                           "Content-Type: application/octet-stream\r\nTransfer-Encoding: Chunked\r\n";
  client.send(head + "\r\n5\r\nhello\r\n6;x=y\r\n, worl\r\n1\r\nd\r\n0\r\nX-Sum: 1\r\n\r\n" +
              client.request("GET", "/v1/health", ""));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 201);
  EXPECT_NE(answer.body.find("\"size\":12"), std::string::npos) << answer.body;
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(read_file(folder.path() / "files" / answer.field("Location").substr(10)), "hello, world");

  // Larger than any piece it is read in, in chunks that fit none.
  client.send(head + "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  std::string content;
  for (int i = 0; i < 50; ++i) {
    const std::string piece(70'001, static_cast<char>('a' + i % 26));
    client.send("11171\r\n" + piece + "\r\n");
    content += piece;
  }
  client.send("0\r\n\r\n");
  const Answer large = client.read_answer();
  EXPECT_EQ(large.status, 201);
  EXPECT_EQ(read_file(folder.path() / "files" / large.field("Location").substr(10)), content);
}

TEST_F(ServerTest, ABrokenChunkedBodyEndsTheConnectionAndLeavesNothing) {
  ServerContext it = context();
  it.max_file_bytes = 1000;
  it.stall_ms = 300;
  serve(std::move(it));
  const std::string head = "POST /v1/files HTTP/1.1\r\n" + lines() +
                           "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string smuggled = "GET /v1/health HTTP/1.1\r\n" + lines() + "\r\n";
  const std::vector<std::pair<std::string, int>> bodies = {{"5\r\nhelloGET", 400},
                                                           {"5\nhello\r\n0\r\n\r\n", 400},
                                                           {"x\r\n", 400},
                                                           {"3e9\r\n", 413},
                                                           {"3e8\r\n" + std::string(1000, 'a') + "\r\n1\r\n", 413},
                                                           {"5\r\nhel", 504}};
  for (const auto& [body, status] : bodies) {
    RawClient client(server->port());
    client.send(head + body + (status == 504 ? "" : smuggled));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, status) << body << answer.body;
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(client.read_to_end(), "");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
}

TEST_F(ServerTest, ASlowHeadIsCutOffAndCostsNoThread) {
  ServerContext it = context();
  it.head_ms = 200;
  it.threads = 1;
  serve(std::move(it));
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    slow.back()->send("GET /v1/");
  }
  RawClient quick(server->port());
  EXPECT_EQ(quick.call("GET", "/v1/health", "").status, 200);
  for (auto& client : slow) EXPECT_EQ(client->read_answer().status, 408);
}

TEST_F(ServerTest, ManyIdleConnectionsLeaveRoomForMore) {
  ServerContext it = context();
  it.max_connections = 16;
  serve(std::move(it));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_EQ(clients.back()->call("GET", "/v1/health", "").status, 200);
  }
}

TEST_F(ServerTest, AnswersSeveralRequestsOnAConnection) {
  serve();
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.call("GET", "/v1/jobs", kApp).status, 200);
  EXPECT_EQ(client.call("GET", "/v1/jobs/none", kApp).status, 404);
  const std::string one = client.request("GET", "/v1/health", "");
  client.send(one + one);
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(client.read_answer().status, 200);
  const Answer last = client.call("GET", "/v1/health", "", {{"Connection", "close"}});
  EXPECT_EQ(last.field("Connection"), "close");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, WithoutDescriptorsItWaitsInsteadOfSpinning) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer looks at memory through a pipe, for which this test leaves no descriptor";
#endif
  serve();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{256, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<Descriptor> fillers;
  do fillers.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  while (fillers.back());
  fillers.resize(fillers.size() - 2);
  RawClient client(server->port());  // takes the last one: nothing is left to accept it with
  const auto cpu_ms = [] {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return int64_t{used.tv_sec} * 1000 + used.tv_nsec / 1'000'000;
  };
  const int64_t cpu_before_ms = cpu_ms();
  std::string nothing;
  EXPECT_FALSE(client.receive(nothing, 400));
  EXPECT_LT(cpu_ms() - cpu_before_ms, 20);
  fillers.clear();
  EXPECT_EQ(client.call("GET", "/v1/health", "").status, 200);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(ServerTest, EveryDescriptorIsClosedOnExec) {
  serve();
  RawClient client(server->port());
  EXPECT_EQ(client.call("GET", "/v1/health", "").status, 200);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (gone || !(target.starts_with("socket:") || target.starts_with("anon_inode:"))) continue;
    const int fd = std::stoi(entry.path().filename());
    if (fd <= 2) continue;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << target;
  }
}

}  // namespace
}  // namespace stoker::api
