#include "core/training_log/mask.h"

#include <gtest/gtest.h>

namespace stoker::training_log {
namespace {

// What a reader sees who gets the stream in chunks and gives back what was held.
std::string through(const Mask& mask, const std::string& stream, size_t chunk) {
  std::string out, pending;
  for (size_t at = 0; at < stream.size(); at += chunk) {
    pending += stream.substr(at, chunk);
    std::string masked = pending;
    const size_t safe = mask.apply(masked, at + chunk >= stream.size());
    out += masked.substr(0, safe);
    pending.erase(0, safe);
  }
  return out;
}

TEST(Mask, HidesASecretWhereverTheStreamIsCut) {
  const Mask mask({"hf_secretvalue", "s3cr3t&/x"});
  const std::string stream =
      "token=hf_secretvalue end hf_secre and s3cr3t&/x|s3cr3t%26%2Fx|hf_secretvaluehf_secretvalue\n";
  const std::string hidden =
      "token=************** end hf_secre and *********|*************|****************************\n";
  for (size_t chunk = 1; chunk <= stream.size(); ++chunk) EXPECT_EQ(through(mask, stream, chunk), hidden) << chunk;
}

TEST(Mask, HidesASecretThatBeginsLikeItEnds) {
  const Mask mask({"abcabc"});
  for (size_t chunk = 1; chunk <= 8; ++chunk)
    EXPECT_EQ(through(mask, "-abcabc-abcabcabc", chunk), "-******-*********") << chunk;
}

TEST(Mask, HidesBase64AtAnyPosition) {
  const Mask mask({"supersecretvalue"});
  // base64 of "supersecretvalue", "xsupersecretvalue" and "xysupersecretvalue"
  for (const std::string text : {"c3VwZXJzZWNyZXR2YWx1ZQ==", "eHN1cGVyc2VjcmV0dmFsdWU=", "eHlzdXBlcnNlY3JldHZhbHVl"}) {
    std::string bytes = text;
    EXPECT_EQ(mask.apply(bytes, true), text.size());
    EXPECT_NE(bytes.find("************"), std::string::npos) << bytes;
    // Nothing of it is left at the end; at the beginning only what the letters before it decide as well.
    bytes.erase(bytes.find_last_not_of('=') + 1);
    EXPECT_EQ(bytes.find_last_not_of('*') + 1, text.find("c3VwZXJz") == 0 ? 0U
                                               : text.starts_with("eHN")  ? 2U
                                                                          : 3U)
        << bytes;
  }
}

TEST(Mask, LeavesShortWordsAlone) {
  const Mask mask({"1", "abc"});
  std::string bytes = "step 1 abc";
  EXPECT_EQ(mask.apply(bytes, false), bytes.size());
  EXPECT_EQ(bytes, "step 1 abc");
}

}  // namespace
}  // namespace stoker::training_log
