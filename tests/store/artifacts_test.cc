#include "core/store/artifacts.h"

#include "core/store/files.h"

#include "tests/store/store_folder.h"

namespace stoker::store {
namespace {

class ArtifactsTest : public OpenStore {};

TEST_F(ArtifactsTest, KeepsArtifacts) {
  with<Artifacts>([](Artifacts& artifacts) {
    artifacts.put({"job", "b/x", 5, "00", false});
    artifacts.put({"job", "a", 1, "01", true});
    artifacts.put({"job", "b/x", int64_t{1} << 40, "0123456789abcdef", true});
    const ArtifactRow row = artifacts.find("job", "b/x").value();
    EXPECT_EQ(std::tuple(row.job_id, row.path, row.size, row.xxh3, row.complete),
              std::tuple("job", "b/x", int64_t{1} << 40, "0123456789abcdef", true));
    EXPECT_FALSE(artifacts.find("job", "c"));
    const auto rows = artifacts.of_job("job");
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].path + " " + rows[1].path, "a b/x");
  });
}

TEST_F(ArtifactsTest, KeepsFiles) {
  with<Files>([](Files& files) {
    files.insert({"file-1", "a.txt", "app", 3, 1000});
    files.insert({"file-2", "b.txt", "admin", int64_t{1} << 41, 2000});
    const FileRow row = files.find("file-2").value();
    EXPECT_EQ(std::tuple(row.id, row.name, row.owner, row.size, row.created_ms),
              std::tuple("file-2", "b.txt", "admin", int64_t{1} << 41, 2000));
    EXPECT_EQ(files.list(1, "").at(0).id, "file-2");
    EXPECT_EQ(files.list(5, "file-2").at(0).id, "file-1");
    files.remove("file-2");
    EXPECT_FALSE(files.find("file-2"));
    EXPECT_EQ(files.list(5, "").size(), 1u);
  });
  EXPECT_EQ(error_of([&] { with<Files>([](Files& files) { files.remove("file-2"); }); }).fault, Fault::not_found);
}

}  // namespace
}  // namespace stoker::store
