#include <gtest/gtest.h>

#include <stoker/cpp/percent_encoding.hpp>

namespace stoker {
namespace {

TEST(PercentEncoding, LeavesOnlyWhatIsUnreserved) {
  EXPECT_EQ(percent_encoded("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encoded("a b+c/d=e&f:g%"), "a%20b%2Bc%2Fd%3De%26f%3Ag%25");
  EXPECT_EQ(percent_encoded(std::string_view("\0\xc3\xa9\xff", 4)), "%00%C3%A9%FF");
  EXPECT_EQ(percent_encoded(""), "");
}

}  // namespace
}  // namespace stoker
