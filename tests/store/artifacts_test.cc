#include "core/store/artifacts.h"

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

}  // namespace
}  // namespace stoker::store
