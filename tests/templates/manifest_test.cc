#include "core/templates/manifest.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/templates/catalogue.h"
#include "tests/templates/real_templates.h"

namespace stoker::templates {
namespace {

namespace fs = std::filesystem;

class ManifestTest : public testing::Test {
 protected:
  ManifestTest() {
    char name[] = "/tmp/stoker-templates-XXXXXX";
    folder_ = ::mkdtemp(name);
    fs::create_directory(folder_ / "mine");
    std::ofstream(folder_ / "mine" / "train.py") << "print()\n";
  }
  ~ManifestTest() override { fs::remove_all(folder_); }

  // Without the folder's name.
  std::string refusal(const std::string& manifest) {
    std::ofstream(folder_ / "mine" / "manifest.json") << manifest;
    std::string text = refusal_of([&] { (void)read_template(folder_, "mine"); });
    const std::string where = (folder_ / "mine").string() + "/";
    for (size_t at; (at = text.find(where)) != std::string::npos;) text.erase(at, where.size());
    return text;
  }
  // With these members, and those that each needs.
  std::string refusal_with(const std::string& members) {
    return refusal(R"({"title":"t","summary":"s","run":"true","data":[{"to":"d"}],)" + members + "}");
  }

  fs::path folder_;
};

TEST_F(ManifestTest, ReadsTheLeast) {
  EXPECT_EQ(refusal_with(R"("files":["train.py"])"), "accepted");
  const Template one = read_template(folder_, "mine");
  EXPECT_EQ(one.files, std::vector<std::string>{"mine/train.py"});
  EXPECT_EQ(one.task, "chat");
  EXPECT_EQ(one.ran_on, "nothing");
  EXPECT_FALSE(one.gpu_memory.has_value());
}

TEST_F(ManifestTest, RefusesWithFileAndKey) {
  EXPECT_EQ(refusal("{"),
            "manifest.json: The JSON document has an improper structure: missing or superfluous commas, "
            "braces, missing keys, etc. |  | ");
  EXPECT_EQ(refusal("{}"), "manifest.json: title: is missing |  | ");
  EXPECT_EQ(refusal_with(R"("titel":"t")"), "manifest.json: titel: unknown key | did you mean 'title'? | ");
  EXPECT_EQ(refusal_with(R"("files":["absent.py"])"), "manifest.json: files: there is no absent.py |  | ");
  EXPECT_EQ(refusal_with(R"("files":["../../etc/passwd"])"),
            "manifest.json: files: ../../etc/passwd is outside of the templates |  | ");
  EXPECT_EQ(refusal_with(R"("packages":["torch"])"), "manifest.json: packages: torch has no exact version |  | ");
  EXPECT_EQ(refusal_with(R"("task":"speech")"), "manifest.json: task: must be chat or preference |  | ");
  EXPECT_EQ(refusal_with(R"("gpu_memory":{"overhead":1})"), "manifest.json: gpu_memory.methods: is missing |  | ");
}

TEST_F(ManifestTest, RefusesParametersThatContradictThemselves) {
  const auto with = [&](const std::string& parameter) {
    return refusal_with(R"("parameters":[{"name":"n",)" + parameter + "}]");
  };
  EXPECT_EQ(with(R"("type":"integer","default":1,"min":0)"), "accepted");
  EXPECT_EQ(with(R"("type":"float","default":1)"),
            "manifest.json: parameters[0].type: must be boolean, integer, number or text |  | ");
  EXPECT_EQ(with(R"("type":"integer")"), "manifest.json: parameters[0].default: is missing |  | ");
  EXPECT_EQ(with(R"("type":"integer","default":0,"min":1)"),
            "manifest.json: parameters[0].default: must be at least 1, not 0 |  | ");
  EXPECT_EQ(with(R"("type":"text","default":"c","choices":["a","b"])"),
            "manifest.json: parameters[0].default: must be a or b, not 'c' |  | ");
  EXPECT_EQ(with(R"("type":"number","default":1,"exceptions":{"m=x":2})"),
            "manifest.json: parameters: n has an exception for m, which is none |  | ");
}

TEST_F(ManifestTest, ABrokenOneIsLeftOutAndTold) {
  (void)refusal("{}");
  const Catalogue catalogue(folder_);
  EXPECT_TRUE(catalogue.all().empty());
  EXPECT_EQ(catalogue.problems(),
            std::vector<std::string>{"the template mine is left out: " + (folder_ / "mine").string() +
                                     "/manifest.json: title: is missing"});
}

}  // namespace
}  // namespace stoker::templates
