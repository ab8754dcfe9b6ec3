#include "core/store/files.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class FilesTest : public OpenStore {};

FileRow file_named(const std::string& id, int64_t expires_ms = 0) {
  FileRow row;
  row.id = id;
  row.name = "a.jsonl";
  row.owner = "app";
  row.size = int64_t{1} << 41;
  row.created_ms = 1000;
  row.purpose = "fine-tune";
  row.form = "chat";
  row.examples = 200;
  row.tokens = int64_t{1} << 40;
  row.expires_ms = expires_ms;
  return row;
}

// Every member, in the order of the header; a new one that is not stored fails to compile or to compare.
auto members(const FileRow& r) {
  const auto& [id, name, owner, size, created, purpose, form, examples, tokens, expires] = r;
  return std::tuple(id, name, owner, size, created, purpose, form, examples, tokens, expires);
}

std::string ids(const std::vector<FileRow>& rows) {
  std::string text;
  for (const FileRow& row : rows) text += row.id + " ";
  return text;
}

TEST_F(FilesTest, KeepsEveryField) {
  with<Files>([](Files& files) {
    files.insert(file_named("file-1", 7));
    EXPECT_EQ(members(files.find("file-1").value()), members(file_named("file-1", 7)));
    files.insert({"file-2", "a.txt", "app", 3, 1000});
    EXPECT_EQ(members(files.find("file-2").value()), members({"file-2", "a.txt", "app", 3, 1000}));
    EXPECT_FALSE(files.find("file-3"));
    EXPECT_ANY_THROW(files.insert(file_named("file-1")));
  });
}

TEST_F(FilesTest, AreListedNewestFirst) {
  with<Files>([](Files& files) {
    for (const char* id : {"file-1", "file-9", "file-5"}) files.insert(file_named(id));
    EXPECT_EQ(ids(files.list(2, "")), "file-5 file-9 ");
    EXPECT_EQ(ids(files.list(2, "file-9")), "file-1 ");
    EXPECT_EQ(ids(files.list(2, "file-1")), "");
    EXPECT_EQ(ids(files.list(0, "")) + ids(files.list(-1, "")), "");
    const Error error = error_of([&] { (void)files.list(2, "file-4"); });
    EXPECT_EQ(error.fault, Fault::invalid);
    EXPECT_EQ(error.field, "after");
    EXPECT_STREQ(error.what(), "no file file-4 to list on from");
  });
}

TEST_F(FilesTest, AreRemovedOnce) {
  with<Files>([](Files& files) {
    files.insert(file_named("file-1"));
    files.insert(file_named("file-2"));
    files.remove("file-2");
    EXPECT_EQ(ids(files.list(5, "")), "file-1 ");
    EXPECT_EQ(error_of([&] { files.remove("file-2"); }).fault, Fault::not_found);
    files.insert(file_named("file-3"));
    EXPECT_EQ(ids(files.list(5, "")), "file-3 file-1 ") << "a row's number is not given out again";
  });
}

TEST_F(FilesTest, ExpireAtTheirTime) {
  with<Files>([](Files& files) {
    files.insert(file_named("file-never"));
    files.insert(file_named("file-100", 100));
    files.insert(file_named("file-200", 200));
    EXPECT_EQ(ids(files.expired(99)), "");
    EXPECT_EQ(ids(files.expired(100)), "file-100 ");
    EXPECT_EQ(ids(files.expired(INT64_MAX)), "file-100 file-200 ");
  });
}

}  // namespace
}  // namespace stoker::store
