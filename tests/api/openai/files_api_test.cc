// /openai/v1/files on a real server.
#include "tests/api/openai/openai_world.h"

namespace stoker::api {
namespace {

using testing::HasSubstr;

class OpenaiFilesTest : public OpenaiWorld {
 protected:
  // What the folder of the files holds: nothing half-done may stay.
  size_t stored() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(folder.path() / "files")) ++count;
    return count;
  }
};

TEST_F(OpenaiFilesTest, AreTakenWithTheirFieldsInAnyOrder) {
  const std::string content = chats(12);
  std::vector<std::string> parts = {file_part(content), purpose_part(),
                                    part("name=\"expires_after[anchor]\"", "created_at"),
                                    part("name=\"expires_after[seconds]\"", "3600")};
  std::sort(parts.begin(), parts.end());
  int uploads = 0;
  do {
    const Answer answer = send_form(parts[0] + parts[1] + parts[2] + parts[3]);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(number_of(answer, "bytes"), static_cast<double>(content.size()));
    EXPECT_EQ(text_of(answer, "filename") + text_of(answer, "status") + text_of(answer, "purpose"),
              "train.jsonlprocessedfine-tune");
    EXPECT_EQ(number_of(answer, "expires_at") - number_of(answer, "created_at"), 3600);
    EXPECT_EQ(number_of(answer, "LineCount"), 12);
    EXPECT_TRUE(text_of(answer, "id").starts_with("file-"));
    ++uploads;
  } while (std::next_permutation(parts.begin(), parts.end()));
  EXPECT_EQ(uploads, 24);
  EXPECT_EQ(stored(), 24U);
}

TEST_F(OpenaiFilesTest, AreTakenInChunks) {
  const std::string form = purpose_part() + file_part(chats(3000)) + "--" + kBoundary + "--\r\n";
  RawClient client(server->port());
  std::string head = client.request("GET", "/openai/v1/files", kApp, form_fields());
  head.replace(0, 3, "POST");
  client.send(head.substr(0, head.size() - 2) + "Transfer-Encoding: chunked\r\n\r\n");
  for (size_t at = 0; at < form.size(); at += 7001) {
    const std::string piece = form.substr(at, 7001);
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", piece.size());
    client.send(size + piece + "\r\n");
  }
  client.send("0\r\n\r\n");
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(number_of(answer, "LineCount"), 3000);
  const Answer content = call("GET", "/files/" + text_of(answer, "id") + "/content");
  EXPECT_TRUE(content.body == chats(3000));
  EXPECT_EQ(client.call("GET", "/openai/v1/models", kApp).status, 200) << "the connection stays of use";
}

TEST_F(OpenaiFilesTest, SayWhichLineIsBroken) {
  const std::string bad = chats(3) + "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}\n" + chats(3);
  const std::string told =
      "400 invalid_file_format file | line 4: the last message is not the assistant's; mend that line of the file "
      "and upload it again";
  EXPECT_EQ(refusal(send_form(purpose_part() + file_part(bad))), told);
  EXPECT_EQ(refusal(send_form(file_part(bad) + purpose_part())), told) << "its purpose may come after it";
  EXPECT_THAT(refusal(send_form(purpose_part() + file_part("{\"messages\":"))),
              HasSubstr("400 invalid_file_format file | line 1: this is not JSON"));
  EXPECT_THAT(refusal(send_form(purpose_part() + file_part(""))),
              HasSubstr("400 invalid_file_format file | the file holds no example; each line of"));
  EXPECT_EQ(stored(), 0U);
  EXPECT_EQ(send_form(file_part(bad) + purpose_part("user_data")).status, 200)
      << "what is no training data is no matter";
}

// The rest of a large upload still comes while it is refused.
TEST_F(OpenaiFilesTest, ARefusalReachesWhoIsStillSending) {
  const Answer answer = send_form(purpose_part() + file_part("broken\n" + chats(200'000)));
  EXPECT_THAT(refusal(answer), HasSubstr("400 invalid_file_format file | line 1: this is not JSON"));
  EXPECT_EQ(stored(), 0U);
}

TEST_F(OpenaiFilesTest, RefuseAFormThatIsNotRight) {
  EXPECT_EQ(refusal(send_form(file_part(chats(1)) + purpose_part("finetune"))),
            "400 invalid purpose | `finetune` is not a purpose; training data has fine-tune");
  EXPECT_EQ(refusal(send_form(file_part(chats(1)) + purpose_part("fine-tune-results"))),
            "400 invalid purpose | `fine-tune-results` is not a purpose; training data has fine-tune");
  EXPECT_EQ(refusal(send_form(file_part(chats(1)) + file_part(chats(1)) + purpose_part())),
            "400 invalid file | the form has two files");
  EXPECT_EQ(refusal(send_form(purpose_part("batch") + file_part("not checked") + purpose_part())),
            "400 invalid purpose | the form has two purposes");
  EXPECT_EQ(refusal(send_form(file_part(chats(1)))),
            "400 missing_required_parameter purpose | the form has no purpose; training data has fine-tune");
  EXPECT_EQ(refusal(send_form(purpose_part())), "400 missing_required_parameter file | the form has no file");
  for (const char* seconds : {"3599", "2592001", "-1", "1e4", "3600.0"})
    EXPECT_EQ(
        refusal(send_form(file_part(chats(1)) + purpose_part() + part("name=\"expires_after[seconds]\"", seconds) +
                          part("name=\"expires_after[anchor]\"", "created_at"))),
        "400 invalid expires_after[seconds] | expires_after[seconds] is not a whole number from 3600 to 2592000");
  EXPECT_EQ(refusal(send_form(file_part(chats(1)) + purpose_part() + part("name=\"expires_after[seconds]\"", "3600"))),
            "400 invalid expires_after[anchor] | expires_after[anchor] is not created_at");
  EXPECT_EQ(refusal(call("POST", "/files", file_part(chats(1)), kApp, form_fields())),
            "400 invalid  | the multipart body ends early, in or after the field file; send the form as "
            "multipart/form-data, whole");
  EXPECT_EQ(refusal(call("POST", "/files", "x", kApp, {{"Content-Type", "multipart/form-data"}})),
            "400 invalid Content-Type | Content-Type names no boundary of at most 70 characters; let the HTTP "
            "library write the Content-Type of a form");
  EXPECT_EQ(call("POST", "/files", "{}").status, 415);
  EXPECT_EQ(stored(), 0U);
}

TEST_F(OpenaiFilesTest, OneTooLargeIsRefusedBeforeAByteOfItIsRead) {
  RawClient client(server->port());
  std::string head = client.request("GET", "/openai/v1/files", kApp, form_fields());
  head.replace(0, 3, "POST");
  client.send(head.substr(0, head.size() - 2) + "Content-Length: 629145600\r\nExpect: 100-continue\r\n\r\n");
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(text_of(answer, "error/code"), "too_large") << answer.body;
  EXPECT_EQ(stored(), 0U);
}

TEST_F(OpenaiFilesTest, NamesAreForPeopleOnly) {
  EXPECT_EQ(text_of(send_form(file_part(chats(1), "../../etc/p%22a\tss.jsonl") + purpose_part()), "filename"),
            "p_a_ss.jsonl");
  EXPECT_EQ(text_of(send_form(part("name=\"file\"", chats(1)) + purpose_part()), "filename"), "unknown_file");
  const Answer together = send_form(part("name=\"file_name\"", "/tmp/mine.jsonl") + file_part(chats(1), "theirs") +
                                        purpose_part() + part("name=\"file_type\"", "jsonl"),
                                    "/files/upload");
  EXPECT_EQ(text_of(together, "filename"), "mine.jsonl");
  EXPECT_THAT(together.body, HasSubstr(R"("Processed":true,"FileType":"jsonl","LineCount":1)"));
  const std::string letters = send_form(file_part(chats(1), std::string(254, 'a') + "\xc3\xa9") + purpose_part()).body;
  EXPECT_THAT(letters, HasSubstr(std::string(254, 'a') + "\xef\xbf\xbd\"")) << "a letter that was cut is shown as such";
}

TEST_F(OpenaiFilesTest, AreListedByPages) {
  std::string newest;
  for (int i = 0; i < 5; ++i) newest = upload(chats(1)) + " " + newest;
  EXPECT_EQ(send_form(file_part("x") + purpose_part("batch")).status, 200);
  const std::string ids = newest;
  const auto id = [&](size_t index) { return ids.substr(index * (ids.find(' ') + 1), ids.find(' ')); };
  EXPECT_EQ(data_of(call("GET", "/files?purpose=fine-tune")), ids);
  EXPECT_EQ(data_of(call("GET", "/files?limit=10000")).size(), ids.size() / 5 * 6);
  const Answer first = call("GET", "/files?purpose=fine-tune&limit=2");
  EXPECT_EQ(data_of(first), id(0) + " " + id(1) + " ");
  EXPECT_THAT(first.body, HasSubstr("\"has_more\":true,\"first_id\":\"" + id(0) + "\",\"last_id\":\"" + id(1) + "\""));
  const Answer last = call("GET", "/files?purpose=fine-tune&limit=3&after=" + id(1));
  EXPECT_EQ(data_of(last), id(2) + " " + id(3) + " " + id(4) + " ");
  EXPECT_THAT(last.body, HasSubstr("\"has_more\":false"));
  EXPECT_EQ(data_of(call("GET", "/files?order=asc&limit=2&purpose=fine-tune")), id(4) + " " + id(3) + " ");
  EXPECT_EQ(data_of(call("GET", "/files?order=asc&purpose=fine-tune&after=" + id(1))), id(0) + " ");
  EXPECT_THAT(call("GET", "/files", {}, kOther).body, HasSubstr(R"("data":[],"has_more":false)"));
  EXPECT_EQ(refusal(call("GET", "/files?after=file-none")),
            "404 not_found after | there is no file file-none to list on from");
  EXPECT_EQ(refusal(call("GET", "/files?order=up")), "400 invalid order | order is neither asc nor desc");
  EXPECT_EQ(call("GET", "/files?limit=0").status, 400);
  EXPECT_EQ(call("GET", "/files?limit=10001").status, 400);
}

TEST_F(OpenaiFilesTest, AreReadAndRemovedByTheirOwnerAlone) {
  const std::string path = "/files/" + upload(chats(2));
  const Answer content = call("GET", path + "/content");
  EXPECT_EQ(content.body, chats(2));
  EXPECT_EQ(call("GET", path).status, 200);
  EXPECT_EQ(call("GET", path, {}, kAdmin).status, 200);
  for (const char* of : {"", "/content"})
    EXPECT_EQ(refusal(call("GET", path + of, {}, kOther)),
              "404 not_found file_id | there is no file " + path.substr(7) + "; GET /files lists them");
  EXPECT_EQ(call("DELETE", path, {}, kOther).status, 404);
  EXPECT_THAT(call("DELETE", path).body, HasSubstr("\"object\":\"file\",\"deleted\":true"));
  EXPECT_EQ(call("DELETE", path).status, 404);
  EXPECT_EQ(call("GET", path + "/content").status, 404);
  EXPECT_EQ(stored(), 0U);
}

TEST_F(OpenaiFilesTest, StayWhileAJobNeedsThem) {
  const std::string id = upload(chats(2));
  add_job("job1");
  db.write("needs it", [&](store::Connection& c) {
    c.exec(R"(UPDATE jobs SET spec = '{"inputs":[{"from":"file:)" + id + R"(","to":"data"}]}')");
  });
  const Answer refused = call("DELETE", "/files/" + id);
  EXPECT_EQ(refusal(refused),
            "400 conflict  | job job1 still needs the file " + id + "; remove it once the job has ended");
  EXPECT_EQ(call("GET", "/files/" + id + "/content").body, chats(2));
  db.write("over", [](store::Connection& c) { c.exec("UPDATE jobs SET state = 'failed'"); });
  EXPECT_EQ(call("DELETE", "/files/" + id).status, 200);
}

TEST_F(OpenaiFilesTest, GoWhenTheirTimeIsOver) {
  const std::string id = upload(chats(2)), needed = upload(chats(2));
  add_job("job1");
  db.write("long ago", [&](store::Connection& c) {
    c.exec("UPDATE files SET expires_ms = 5");
    c.exec("UPDATE jobs SET spec = '\"file:" + needed + "\"'");
  });
  EXPECT_EQ(call("GET", "/files/" + id).status, 404);
  EXPECT_THAT(call("GET", "/files").body, testing::Not(HasSubstr(id)));
  EXPECT_EQ(stored(), 1U) << "that which a job needs is there";
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "files" / needed));
}

}  // namespace
}  // namespace stoker::api
