// The command line as a test calls it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/cli/entry.h"

namespace stoker::cli {

struct Result {
  int code;
  std::string out, err;
};

// `words` without the program's name.
inline Result call_main(const Entry& entry, std::vector<std::string> words) {
  words.insert(words.begin(), "stoker");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = main(static_cast<int>(argv.size()), argv.data(), entry);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

}  // namespace stoker::cli
