#include "plugins/aws/xml.h"

#include <gtest/gtest.h>

#include <stoker/cpp/failure.hpp>

namespace stoker::aws {
namespace {

Xml parse(const std::string& text) { return Xml::parse(text, "aws: a test"); }

std::string refused(const std::string& text) {
  try {
    (void)parse(text);
    return "read";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), STOKER_E_UNAVAILABLE);
    return failure.message();
  }
}

TEST(Xml, ListsAreItemsAndWhatIsAbsentIsEmpty) {
  const Xml answer = parse(R"(<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <!-- a comment --><reservationSet>
    <item><instanceId>i-1</instanceId><n>42</n></item><item/>
  </reservationSet><nextToken/></DescribeInstancesResponse>
)");
  EXPECT_EQ(answer.name(), "DescribeInstancesResponse");
  const auto items = answer["reservationSet"].items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0]["instanceId"].text(), "i-1");
  EXPECT_EQ(items[0]["n"].count(), 42U);
  EXPECT_EQ(items[1]["instanceId"].text(), "");
  EXPECT_TRUE(answer["nextToken"].exists());
  EXPECT_FALSE(answer["no"]["such"]["thing"].exists());
  EXPECT_EQ(answer.any("n").text(), "42");
}

TEST(Xml, EntitiesAndPrefixes) {
  const Xml answer = parse("<a:x b='1' c = \"<\">&lt;&amp;&#65;&#x20AC;<![CDATA[<&]]>&quot;&apos;&gt;</a:x>");
  EXPECT_EQ(answer.name(), "x");
  EXPECT_EQ(answer.text(), "<&A\xe2\x82\xac<&\"'>");
}

TEST(Xml, NumbersThatAreNoneCountNothing) {
  for (const char* text : {"<n>-1</n>", "<n>1.5</n>", "<n/>", "<n>99999999999999999999</n>", "<n> 1</n>"})
    EXPECT_EQ(parse(text).count(), 0U) << text;
}

TEST(Xml, WhatIsNotOneWholeDocumentIsRefused) {
  const std::string deep = [] {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "<a>";
    return text;
  }();
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("<a>"), std::string("<a></b>"), std::string("<a/><b/>"),
        std::string("<a>&nbsp;</a>"), std::string("<a>&#0;</a>"), std::string("<a>&#xD800;</a>"),
        std::string("<a b></a>"), std::string("<a>\x01</a>"), std::string("<a>\xff</a>"),
        std::string("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), std::string("<html><p>It works!</html>"),
        std::string("<a b='1></a>"), std::string("< a/>"), deep})
    EXPECT_EQ(refused(text), "aws: a test answered with something that is not XML") << text.substr(0, 60);
}

TEST(Xml, CutAnywhereItIsNoDocument) {
  const std::string whole = "<a><b c='d'>e&amp;</b><item>1</item></a>";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(refused(whole.substr(0, size)), "read") << size;
  EXPECT_EQ(refused(whole), "read");
}

}  // namespace
}  // namespace stoker::aws
