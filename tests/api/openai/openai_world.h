// A client of OpenAI's API beside the agent that it calls. Every answer is kept, and held to the documents at the end.
#pragma once

#include <gmock/gmock.h>
#include <simdjson.h>
#include <stdio.h>

#include <mutex>

#include "core/api/openai/fine_tune.h"
#include "core/store/files.h"
#include "core/store/fine_tunes.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"
#include "tests/api/raw_client.h"
#include "tests/api/world.h"

namespace stoker::api {

class OpenaiWorld : public World {
 protected:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  static constexpr const char* kJobs = "/fine_tuning/jobs";
  static constexpr const char* kBoundary = "form-boundary";

  void SetUp() override { serve(); }
  void TearDown() override {
    if (!kept_.empty()) hold_to_documents();
  }

  Answer call(const std::string& method, const std::string& path, const std::string& body = {},
              const std::string& token = kApp, Fields fields = {}) {
    RawClient client(server->port());
    if (!body.empty() && fields.empty()) fields.emplace_back("Content-Type", "application/json");
    Answer answer = client.call(method, "/openai/v1" + path, token, fields, body);
    keep(method, "/openai/v1" + path, answer);
    return answer;
  }

  static std::string part(const std::string& disposition, const std::string& content) {
    return std::string("--") + kBoundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content +
           "\r\n";
  }
  static std::string file_part(const std::string& content, const std::string& name = "train.jsonl") {
    return part("name=\"file\"; filename=\"" + name + "\"\r\nContent-Type: application/octet-stream", content);
  }
  static std::string purpose_part(const std::string& purpose = "fine-tune") {
    return part("name=\"purpose\"", purpose);
  }
  // The parts closed to a form, and sent.
  Answer send_form(const std::string& parts, const std::string& path = "/files", const std::string& token = kApp) {
    return call("POST", path, parts + "--" + kBoundary + "--\r\n", token, form_fields());
  }
  static Fields form_fields() { return {{"Content-Type", std::string("multipart/form-data; boundary=") + kBoundary}}; }

  static std::string chats(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += R"({"messages":[{"role":"user","content":"what is )" + std::to_string(i) +
               R"("},{"role":"assistant","content":"a number"}]})" + "\n";
    return lines;
  }
  static std::string preferences(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += R"({"input":{"messages":[{"role":"user","content":"hi"}]},)"
               R"("preferred_output":[{"role":"assistant","content":"hello"}],)"
               R"("non_preferred_output":[{"role":"assistant","content":"what"}]})"
               "\n";
    return lines;
  }
  // The id of a file with this content.
  std::string upload(const std::string& content, const std::string& token = kApp) {
    const Answer answer = send_form(file_part(content) + purpose_part(), "/files", token);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text_of(answer, "id");
  }

  // `more`: members, each with a comma before it.
  static std::string request(const std::string& file, const std::string& more = {},
                             const std::string& model = "tiny-lm") {
    return R"({"model":")" + model + R"(","training_file":")" + file + "\"" + more + "}";
  }
  Answer create(const std::string& body, const std::string& token = kApp) { return call("POST", kJobs, body, token); }

  // A fine-tuning job as if it had been created, with nobody who carries it.
  void add_fine_tune(const std::string& id, store::JobState state = store::JobState::running,
                     const std::string& metadata = {}, const std::string& owner = "app") {
    store::JobRow job;
    job.id = id;
    job.spec = R"({"run":"true"})";
    job.owner = owner;
    job.state = state;
    job.created_ms = 1'000'000;
    job.ended_ms = is_terminal(state) ? 2'000'000 : 0;
    openai::FineTune asked;
    asked.model = asked.template_id = "tiny-lm";
    asked.training_file = "file-gone";
    asked.metadata = metadata;
    asked.used_epochs = 2;
    asked.used_batch_size = 4;
    asked.examples = 10;
    asked.tokens = 500;
    db.write("fine-tune", [&](store::Connection& c) {
      store::Jobs(c).insert(job);
      store::FineTunes(c).insert(
          {id, owner, "hash of " + id, 1'000'000, false, asked.json(), "ft:tiny-lm:local::" + id, ""});
    });
  }
  int64_t fine_tunes() {
    return db.read([](store::Connection& c) { return c.execAndGet("SELECT count(*) FROM fine_tunes").getInt64(); });
  }
  int64_t jobs() {
    return db.read([](store::Connection& c) { return c.execAndGet("SELECT count(*) FROM jobs").getInt64(); });
  }

  static std::string text_of(const Answer& answer, std::string_view pointer) {
    simdjson::dom::parser parser;
    std::string_view value;
    const auto root = parser.parse(answer.body);
    return root.at_pointer("/" + std::string(pointer)).get(value) == simdjson::SUCCESS ? std::string(value) : "";
  }
  static double number_of(const Answer& answer, std::string_view pointer) {
    simdjson::dom::parser parser;
    double value = 0;
    const auto root = parser.parse(answer.body);
    return root.at_pointer("/" + std::string(pointer)).get(value) == simdjson::SUCCESS ? value : -1;
  }
  // The member `key` of each in the list `data`, a space after each.
  static std::string data_of(const Answer& answer, const char* key = "id") {
    simdjson::dom::parser parser;
    simdjson::dom::array list;
    std::string text;
    if (parser.parse(answer.body)["data"].get(list) != simdjson::SUCCESS) return "no list: " + answer.body;
    for (const simdjson::dom::element one : list) text += simdjson::minify(one[key]) + " ";
    std::erase(text, '"');
    return text;
  }
  // "STATUS code param | message"
  static std::string refusal(const Answer& answer) {
    const std::string param = text_of(answer, "error/param");
    return std::to_string(answer.status) + " " + text_of(answer, "error/code") + " " + param + " | " +
           text_of(answer, "error/message");
  }

 private:
  void keep(const std::string& method, const std::string& path, const Answer& answer) {
    const bool json = answer.field("Content-Type").starts_with("application/json");
    if (answer.status == 0 || !json) return;
    JsonWriter line;
    line.begin_object().member("method", method).member("path", path).member("status", answer.status);
    const std::lock_guard lock(mutex_);
    kept_ += line.key("body").raw(answer.body).end_object().str() + "\n";
  }

  void hold_to_documents() {
    RawClient client(server->port());
    const std::filesystem::path document = folder.path() / "openapi.json", answers = folder.path() / "answers.jsonl";
    std::ofstream(document) << client.call("GET", "/openapi.json", kAdmin).body;
    std::ofstream(answers) << kept_;
    std::string command = "python3 -B -W ignore " STOKER_SOURCE_DIR "/tests/api/openai/answers.py " +
                          document.string() + " " + answers.string();
    const char* given = ::getenv("STOKER_SPECS");
    const std::filesystem::path specs = given ? given : STOKER_SOURCE_DIR "/../shared/specs";
    if (std::filesystem::exists(specs / "openai-finetune-openapi.json")) command += " " + specs.string();
    FILE* program = ::popen((command + " 2>&1").c_str(), "r");
    ASSERT_NE(program, nullptr);
    std::string said;
    for (char bytes[4096]; const size_t n = ::fread(bytes, 1, sizeof bytes, program);) said.append(bytes, n);
    const int status = ::pclose(program);
    EXPECT_EQ(status, 0) << said;
    RecordProperty("answers", said);
    if (status == 0) printf("answers %s", said.c_str());
  }

  std::mutex mutex_;
  std::string kept_;
};

}  // namespace stoker::api
