#include "core/api/openai/multipart.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/api/openai/piecewise_body.h"

namespace stoker::api::openai {
namespace {

constexpr const char* kBoundary = "----b0undary";

std::string part(const std::string& disposition, const std::string& content) {
  return std::string("--") + kBoundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content +
         "\r\n";
}

std::string end() { return std::string("--") + kBoundary + "--\r\n"; }

std::string field(const std::string& name, const std::string& content) {
  return part("name=\"" + name + "\"", content);
}

// All of the form as text, "name[filename]=content|", or what is wrong with it.
std::string read_all(std::string_view form, size_t piece = SIZE_MAX, const std::string& boundary = kBoundary) {
  PiecewiseBody body(form, piece);
  try {
    Multipart multipart(body, boundary);
    std::string text;
    while (const auto it = multipart.next()) {
      text += it->name + (it->filename ? "[" + *it->filename + "]" : "") + "=";
      for (std::string_view bytes = multipart.read(); !bytes.empty(); bytes = multipart.read()) text += bytes;
      text += "|";
    }
    EXPECT_EQ(body.left(), 0U) << "the end of the form is read too, so that the connection stays of use";
    EXPECT_FALSE(multipart.next()) << "the end stays the end";
    return text;
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::invalid);
    return std::string("fault: ") + error.what();
  }
}

std::string filename_of(const std::string& disposition) {
  const std::string form = part("name=\"f\"; " + disposition, "x") + end();
  PiecewiseBody body(form, SIZE_MAX);
  Multipart multipart(body, kBoundary);
  return multipart.next()->filename.value_or("(none)");
}

// What looks like a boundary, and is none.
std::string tricky() {
  const std::string close = std::string("\r\n--") + kBoundary;
  std::string text = std::string("--") + kBoundary + "\r\n\n\r\r\r\n\r\n--\r\n-" + "\r\n-\r\n--" + kBoundary[0];
  for (size_t n = 1; n < close.size(); ++n) text += close.substr(0, n) + close.substr(0, n - 1);
  return text + "\r\r\n--" + std::string(kBoundary).substr(1) + "\r";
}

TEST(MultipartTest, GivesTheSamePartsHoweverTheBodyComes) {
  const std::string form = field("purpose", "fine-tune") +
                           part("name=\"file\"; filename=\"a b.jsonl\"\r\nContent-Type: text/plain", tricky()) +
                           field("empty", "") + field("return", "\r") + end() + "an epilogue";
  const std::string whole = "purpose=fine-tune|file[a b.jsonl]=" + tricky() + "|empty=|return=\r|";
  for (size_t piece = 1; piece <= form.size(); ++piece) ASSERT_EQ(read_all(form, piece), whole) << piece;
}

TEST(MultipartTest, APartMayBeFarLargerThanWhatIsHeld) {
  constexpr size_t kHeld = 256 * 1024;
  for (const size_t size : {kHeld - 1, kHeld, kHeld + 1, 3 * kHeld + 17, size_t{5} << 20}) {
    std::string content(size, '\r');
    for (size_t i = 0; i < size; i += 7) content[i] = static_cast<char>('a' + i % 26);
    const std::string form = part("name=\"file\"; filename=\"f\"", content) + field("purpose", "batch") + end();
    const std::string whole = "file[f]=" + content + "|purpose=batch|";
    for (const size_t piece : {size_t{4093}, size_t{65536}, kHeld, SIZE_MAX})
      ASSERT_TRUE(read_all(form, piece) == whole) << size << " in pieces of " << piece;
  }
}

TEST(MultipartTest, WhatIsLeftOfAPartIsSkipped) {
  const std::string form = field("long", std::string(700'000, 'x')) + field("a", "1") + field("b", "2") + end();
  for (const size_t piece : {size_t{1000}, SIZE_MAX}) {
    PiecewiseBody body(form, piece);
    Multipart multipart(body, kBoundary);
    EXPECT_EQ(multipart.next()->name, "long");
    EXPECT_FALSE(multipart.read().empty());
    EXPECT_EQ(multipart.next()->name, "a");
    EXPECT_EQ(multipart.next()->name, "b");
    EXPECT_EQ(multipart.read_field(), "2");
    EXPECT_EQ(multipart.read(), "") << "its end stays its end";
    EXPECT_FALSE(multipart.next());
  }
}

TEST(MultipartTest, SaysThatItEndsEarlyWhereverItIsCut) {
  const std::string form = field("purpose", "fine-tune") + part("name=\"file\"; filename=\"f\"", "{}\r\n") + end();
  const size_t whole = form.size() - 2;  // the line break after the last boundary is nobody's need
  for (size_t size = 0; size < whole; ++size) {
    const std::string fault = read_all(std::string_view(form).substr(0, size), 3);
    ASSERT_TRUE(fault.starts_with("fault: the multipart body ends early")) << size << " " << fault;
    const size_t first = form.find("fine-tune") - 1, second = form.find("{}") - 1;
    const char* place = size > second ? ", in or after the field file" : ", in or after the field purpose";
    if (size > first) {
      ASSERT_TRUE(fault.ends_with(place)) << size << " " << fault;
    }
  }
  EXPECT_EQ(read_all(std::string_view(form).substr(0, whole)), read_all(form));
}

TEST(MultipartTest, FileNamesAreForPeopleOnly) {
  EXPECT_EQ(filename_of(""), "(none)");
  EXPECT_EQ(filename_of("filename=\"\""), "");
  EXPECT_EQ(filename_of("filename=\"/etc/passwd\""), "passwd");
  EXPECT_EQ(filename_of("filename=\"..\\..\\C:\\x.jsonl\""), "x.jsonl");
  EXPECT_EQ(filename_of("filename=\"a/b/\""), "");
  EXPECT_EQ(filename_of("filename=\"say %22hi%22%0D%0A.jsonl\""), "say _hi___.jsonl");
  EXPECT_EQ(filename_of(std::string("filename=\"a\tb\x7f\x01.jsonl\"")), "a_b__.jsonl");
  EXPECT_EQ(filename_of("filename=plain.jsonl"), "plain.jsonl");
  EXPECT_EQ(filename_of("FILENAME = \"spaced;=.jsonl\" "), "spaced;=.jsonl");
  EXPECT_EQ(filename_of("filename=\"d\xc3\xa9j\xc3\xa0.jsonl\""), "d\xc3\xa9j\xc3\xa0.jsonl");
  EXPECT_EQ(filename_of("filename=\"\xff.jsonl\""), "\xef\xbf\xbd.jsonl");
  EXPECT_EQ(filename_of("xfilename=\"no\""), "(none)");
  EXPECT_EQ(label("../../etc/a\nb"), "a_b");
}

TEST(MultipartTest, RefusesWhatIsNoForm) {
  const std::string open = std::string("--") + kBoundary + "\r\n";
  const auto fault = [](const std::string& form) { return read_all(form, 5); };
  EXPECT_EQ(fault("{\"purpose\":\"fine-tune\",\"and\":\"more\"}"),
            "fault: the multipart body does not begin with its boundary");
  EXPECT_EQ(fault("\r\n" + field("a", "1") + end()), "fault: the multipart body does not begin with its boundary");
  EXPECT_EQ(fault(open.substr(0, open.size() - 2) + "more\r\n\r\n\r\n"),
            "fault: the multipart body has something after a boundary");
  EXPECT_EQ(fault(open + "Content-Type: text/plain\r\n\r\nx" + "\r\n" + end()),
            "fault: the multipart body has a part without one name");
  EXPECT_EQ(fault(open + "Content-Disposition: form-data\r\n\r\nx\r\n" + end()),
            "fault: the multipart body has a part without one name");
  EXPECT_EQ(fault(part("name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"", "x") + end()),
            "fault: the multipart body has a part without one name");
  EXPECT_EQ(fault(open + "Content-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n" + end()),
            "fault: the multipart body has a part that is no form-data");
  EXPECT_EQ(fault(open + "Content\rDisposition: form-data; name=\"a\"\r\n\r\nx\r\n" + end()),
            "fault: the multipart body has a part without one name");
  EXPECT_EQ(fault(part("name=\"a", "x") + end()), "fault: the multipart body has a quote that does not end");
  EXPECT_EQ(fault(open + "no colon\r\n\r\nx\r\n" + end()),
            "fault: the multipart body has a part whose head has a line without a colon");
  EXPECT_EQ(fault(part("name=\"" + std::string(5000, 'a') + "\"", "x") + end()),
            "fault: the multipart body has a part whose head has a line over 4096 bytes");
  EXPECT_EQ(fault(part(
                      "name=\"a\"" +
                          [] {
                            std::string lines;
                            for (int i = 0; i < 16; ++i) lines += "\r\nX-More: 1";
                            return lines;
                          }(),
                      "x") +
                  end()),
            "fault: the multipart body has a part whose head has over 16 lines");
  EXPECT_EQ(read_all(end()), "") << "a form without a part";
}

TEST(MultipartTest, RefusesAThirtyThirdPart) {
  std::string form;
  for (int i = 0; i < 32; ++i) form += field("n" + std::to_string(i), "x");
  EXPECT_TRUE(read_all(form + end()).ends_with("|n31=x|"));
  EXPECT_EQ(read_all(form + field("n32", "x") + end()), "fault: the multipart body has more than 32 parts");
}

TEST(MultipartTest, AFieldIsShortTextInUtf8) {
  const auto value = [](const std::string& content) -> std::string {
    const std::string form = field("purpose", content) + end();
    PiecewiseBody body(form, SIZE_MAX);
    Multipart multipart(body, kBoundary);
    (void)multipart.next();
    try {
      return multipart.read_field();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::invalid);
      EXPECT_EQ(error.field, "purpose");
      return std::string("fault: ") + error.what();
    }
  };
  EXPECT_EQ(value(std::string(64 * 1024, 'a')).size(), 64U * 1024);
  EXPECT_EQ(value(std::string(64 * 1024 + 1, 'a')), "fault: the field purpose is longer than 64 KiB");
  EXPECT_EQ(value(std::string(1 << 20, 'a')), "fault: the field purpose is longer than 64 KiB");
  EXPECT_EQ(value("d\xc3\xa9j\xc3\xa0"), "d\xc3\xa9j\xc3\xa0");
  EXPECT_EQ(value("\xc3("), "fault: the field purpose is not UTF-8");
}

TEST(MultipartTest, TakesTheBoundaryOfAContentType) {
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=----b0undary"), "----b0undary");
  EXPECT_EQ(boundary_of("multipart/form-data;charset=utf-8; Boundary=\"a b:c\""), "a b:c");
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=" + std::string(70, 'x')), std::string(70, 'x'));
  for (const std::string& bad : {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
                                 std::string("multipart/form-data; boundary=\"\""), std::string("boundary=x"),
                                 "multipart/form-data; boundary=" + std::string(71, 'x'), std::string()}) {
    try {
      (void)boundary_of(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "Content-Type names no boundary of at most 70 characters");
      EXPECT_EQ(error.field, "Content-Type");
    }
  }
}

}  // namespace
}  // namespace stoker::api::openai
