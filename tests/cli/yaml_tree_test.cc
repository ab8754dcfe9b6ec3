#include "core/cli/yaml_tree.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace stoker::cli {
namespace {

using ::testing::HasSubstr;

std::string json(const std::string& yaml) {
  JsonWriter out;
  write_json(out, parse_yaml(yaml, "f"));
  return out.str();
}

std::string refusal(const std::string& yaml) {
  try {
    (void)parse_yaml(yaml, "f.yaml");
    return "no error";
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(YamlTree, types_scalars_by_the_core_schema) {
  EXPECT_EQ(
      json("[3, -7, +4, 0x1F, 0o17, 1.5, 1e3, .5, true, False, null, ~, yes, on, 1_000, '3', \"true\", 1.2.3, -]"),
      R"([3,-7,4,31,15,1.5,1000.0,0.5,true,false,null,null,"yes","on","1_000","3","true","1.2.3","-"])");
  EXPECT_EQ(json("a:\nb: |\n  x\n  y\nc: {d: [1, {e: f}]}"), R"({"a":null,"b":"x\ny\n","c":{"d":[1,{"e":"f"}]}})");
  EXPECT_EQ(json("big: 123456789012345678901"), R"({"big":123456789012345680000.0})");
}

TEST(YamlTree, writes_aliases_out) { EXPECT_EQ(json("a: &x [1, 2]\nb: *x"), R"({"a":[1,2],"b":[1,2]})"); }

TEST(YamlTree, refuses_with_file_and_line) {
  EXPECT_THAT(refusal("a: 1\nb: [2\n"), HasSubstr("f.yaml:3: not YAML: "));
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f.yaml:3: the key `a` is given twice");
  EXPECT_EQ(refusal("[a]: 1\n"), "f.yaml:1: a key must be text");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "f.yaml:3: a second document begins here");
  EXPECT_THROW(json("a: .inf"), Error);
}

TEST(YamlTree, refuses_what_is_too_large) {
  EXPECT_EQ(refusal(std::string(10 << 20, 'a')), "f.yaml is larger than 1 MiB");
  EXPECT_EQ(refusal(std::string(500'000, '[')), "f.yaml:1: nested deeper than 64 levels");
  EXPECT_EQ(refusal(std::string(500'000, '{')), "f.yaml:1: nested deeper than 64 levels");
  std::string many = "a: [";
  for (int i = 0; i < 10'001; ++i) many += "1,";
  EXPECT_EQ(refusal(many + "]"), "f.yaml:1: more than 10000 values once aliases are written out");
}

TEST(YamlTree, refuses_a_bomb_of_aliases) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) bomb += before + ", ";
    bomb += before + "]\n";
  }
  EXPECT_EQ(refusal(bomb), "f.yaml:4: more than 10000 values once aliases are written out");
  std::string text = "a: &a " + std::string(900'000, 'x') + "\nb: [*a, *a, *a, *a, *a]\n";
  EXPECT_EQ(refusal(text), "f.yaml:2: more than 4 MiB of text once aliases are written out");
}

}  // namespace
}  // namespace stoker::cli
