// A canary secret: the training sees it, and it is in clear nowhere else.
#include <Poco/Base64Encoder.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "tests/e2e/agent_fixture.h"

namespace stoker::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class SecretTest : public AgentTest {
 protected:
  static std::string random_secret() {
    static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device random;
    std::string secret = "Canary/+ ='\"&";
    for (int i = 0; i < 24; ++i) secret += letters[random() % letters.size()];
    return secret;
  }

  static std::string base64(const std::string& text) {
    std::ostringstream out;
    Poco::Base64Encoder encoder(out);
    encoder.rdbuf()->setLineLength(0);
    encoder << text;
    encoder.close();
    return out.str();
  }

  static std::string url_escaped(const std::string& text) {
    static const char* hex = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char c : text) {
      if (std::isalnum(c) != 0)
        out += static_cast<char>(c);
      else
        out += {'%', hex[c >> 4], hex[c & 15]};
    }
    return out;
  }

  void expect_clean(const std::string& text, const std::string& where) const {
    for (const std::string& form : {secret, base64(secret), url_escaped(secret), json_text(secret)})
      if (text.find(form) != std::string::npos) ADD_FAILURE() << where << " holds the secret in clear";
  }

  // The home of an instance is the training's own.
  void expect_clean_files(const fs::path& below) const {
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(below)) {
      if (!entry.is_regular_file() || entry.path().string().find("/home/") != std::string::npos) continue;
      ++files;
      expect_clean(content(entry.path()), entry.path().string());
    }
    EXPECT_GT(files, 0);
  }

  const std::string secret = random_secret();
};

TEST_F(SecretTest, IsInClearOnlyInTheTraining) {
  write_config("log_level: trace\n");
  start_agent();
  std::string transcript;
  std::atomic<bool> over = false;
  std::string commands;
  std::thread sampler([&] {
    while (!over) {
      for (const pid_t pid : left_over()) commands += command_line(pid);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  const std::string script =
      "printf 'length %s\\n' \"${#CANARY}\"; echo \"raw $CANARY end\"; "
      "echo \"base64 $(printf %s \"$CANARY\" | base64 -w0) end\"; "
      "python3 -c 'import os, urllib.parse; print(\"url\", urllib.parse.quote(os.environ[\"CANARY\"], safe=\"\"), "
      "\"end\")'; "
      "for ((i = 0; i < ${#CANARY}; ++i)); do printf %s \"${CANARY:i:1}\"; sleep 0.01; done; echo; echo all printed; "
      "until [ -e '" +
      (folder / "gate").string() + "' ]; do sleep 0.02; done";
  const std::string id =
      submit(job_spec(script, R"("after":"keep","secrets":{"CANARY":)" + json_text(secret) + "}"), "once");
  await_state(id, "running");
  const fs::path remote = remote_folder(id);
  ASSERT_TRUE(eventually([&] { return content(remote / "log").find("all printed") != std::string::npos; }));
  EXPECT_THAT(content(remote / "log"), HasSubstr("raw " + secret + " end")) << "the training did not get its secret";
  // A second agent has to learn the secret again to mask it.
  kill_agent();
  start_agent();
  std::ofstream(folder / "gate").flush();
  EXPECT_TRUE(api().stream(id, 0, SIZE_MAX, transcript));
  EXPECT_EQ(await_end(id)["state"].text(), "succeeded") << job(id).dump();
  over = true;
  sampler.join();

  const std::string log = log_of(id);
  EXPECT_THAT(log, HasSubstr("length " + std::to_string(secret.size()) + "\n"));
  EXPECT_THAT(log, HasSubstr("raw " + std::string(secret.size(), '*') + " end\n"));
  std::string base64_mask = base64(secret);
  std::replace_if(base64_mask.begin(), base64_mask.end(), [](char c) { return c != '='; }, '*');
  EXPECT_THAT(log, HasSubstr("base64 " + base64_mask + " end\n"));
  EXPECT_THAT(log, HasSubstr("url " + std::string(url_escaped(secret).size(), '*') + " end\n"));
  EXPECT_THAT(log, HasSubstr("\n" + std::string(secret.size(), '*') + "\n")) << "printed a character at a time";
  expect_clean(log, "the stored log");
  expect_clean(transcript, "the event stream");
  expect_clean(commands, "a command line");
  EXPECT_THAT(commands, HasSubstr("stoker-runner")) << "the command lines were not seen at all";
  expect_clean(agent_log(), "the agent's own log");
  for (const char* path : {"/v1/jobs", "/v1/instances", "/v1/plugins"})
    expect_clean(api().call("GET", path).body, path);
  for (const char* path : {"", "/log", "/metrics", "/artifacts"})
    expect_clean(api().call("GET", "/v1/jobs/" + id + path).body, std::string("job") + path);
  expect_clean_files(folder / "state");
  expect_clean_files(folder / "config");

  EXPECT_FALSE(fs::exists(remote)) << "the job's files are still on the kept machine";
  for (const auto& entry : fs::directory_iterator("/dev/shm"))
    if (entry.is_regular_file()) expect_clean(content(entry.path()), entry.path().string());
}

TEST_F(SecretTest, OfARefusedJobIsNotEchoed) {
  start_agent();
  for (const std::string& spec : {job_spec("", R"("secrets":{"CANARY":)" + json_text(secret) + "}"),
                                  job_spec("true", R"("secrets":{"bad name":)" + json_text(secret) + "}"),
                                  job_spec("true", R"("secrets":)" + json_text(secret)),
                                  job_spec("true", R"("secrets":{"CANARY":[)" + json_text(secret) + "]}")}) {
    const Answer answer = api().call("POST", "/v1/jobs", spec);
    EXPECT_EQ(answer.status, 400);
    expect_clean(answer.body, "the refusal");
  }
  expect_clean_files(folder / "state");
}

TEST_F(SecretTest, OfTheCallersEnvironmentReachesTheTrainingThroughTheCommandLine) {
  std::ofstream(folder / "job.yaml") << "run: test \"$CANARY\" = \"$EXPECTED\" -a -n \"$CANARY\"\nsecrets: { CANARY: "
                                        "env:MY_SECRET, EXPECTED: env:MY_SECRET }\n";
  start_agent();
  const Result ran = cli({"run", (folder / "job.yaml").string()}, {"MY_SECRET=" + secret});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const Result unset = cli({"run", (folder / "job.yaml").string()});
  EXPECT_EQ(unset.code, 2);
  EXPECT_THAT(unset.err, HasSubstr("job.yaml:2: the secret CANARY is to come from MY_SECRET, which is not set"));
}

}  // namespace
}  // namespace stoker::e2e
