// An agent that gives the answers it was told, and the command line that talks to it.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/cli/entry.h"
#include "tests/cli/test_server.h"

namespace stoker::cli {

class ScriptedAgent {
 public:
  ScriptedAgent() : server_([this](auto& request, auto& response) { serve(request, response); }) {}

  // To "POST /v1/accounts", once for each call of this and the last one for ever; others get 404.
  void answer_to(const std::string& request, int status, const std::string& body) {
    const std::lock_guard lock(mutex_);
    answers_[request].push_back({status, body});
  }
  // What was asked, such as "GET /v1/offers", without health checks.
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  [[nodiscard]] std::string body_of(const std::string& request) const {
    const std::lock_guard lock(mutex_);
    const auto found = bodies_.find(request);
    return found == bodies_.end() ? "nothing was sent" : found->second;
  }
  [[nodiscard]] uint16_t port() const { return server_.port(); }

 private:
  struct Answer {
    int status;
    std::string body;
  };

  void serve(net::HTTPServerRequest& request, net::HTTPServerResponse& response) {
    const std::string what = request.getMethod() + " " + request.getURI();
    if (what == "GET /v1/health") return answer(response, 200, "{}");
    const std::string body(std::istreambuf_iterator<char>(request.stream()), {});
    Answer reply{404, R"({"detail":"nothing is said about )" + what + R"("})"};
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(what);
      bodies_[what] = body;
      if (auto& left = answers_[what]; !left.empty()) {
        reply = left.front();
        if (left.size() > 1) left.erase(left.begin());
      }
    }
    answer(response, reply.status, reply.body);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Answer>> answers_;
  std::map<std::string, std::string> bodies_;
  std::vector<std::string> asked_;
  Server server_;
};

// Standard input for as long as it lives: this text, and no terminal.
class StandardInput {
 public:
  explicit StandardInput(const std::string& text) : before_(::dup(STDIN_FILENO)) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
  }
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  int before_;
};

struct Outcome {
  int code;
  std::string out, err;
};

inline Outcome stoker(const ScriptedAgent& agent, std::vector<std::string> words, const std::string& input = {}) {
  Entry entry;
  entry.settings = [](const Flags&) {
    Settings settings;
    settings.state_dir = "/nowhere/state";
    return settings;
  };
  entry.client_view = [&](const std::filesystem::path&) { return ClientView{"127.0.0.1", agent.port(), "t"}; };
  words.insert(words.begin(), "stoker");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  const StandardInput given(input);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = main(static_cast<int>(argv.size()), argv.data(), entry);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

}  // namespace stoker::cli
