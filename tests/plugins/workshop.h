// A private folder of one test, and the commands it runs.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace stoker::test {

struct Outcome {
  int exit_code = 0;
  std::string output;  // standard output and error
};

inline Outcome shell(const std::string& command) {
  Outcome outcome;
  FILE* pipe = ::popen(("(" + command + ") 2>&1").c_str(), "re");
  std::array<char, 4096> buffer{};
  std::size_t size = 0;
  while ((size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) outcome.output.append(buffer.data(), size);
  const int status = ::pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  return outcome;
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Gone at the end of the test.
class Workshop {
 public:
  Workshop() {
    std::string name = (std::filesystem::temp_directory_path() / "stoker-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Workshop() {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  // A key pair; returns its public line.
  [[nodiscard]] std::string make_key(const std::string& name, const std::string& options = "-t ed25519 -N ''") const {
    shell("ssh-keygen -q " + options + " -C test -f " + (folder_ / name).string());
    auto line = text_of(folder_ / (name + ".pub"));
    while (!line.empty() && line.back() == '\n') line.pop_back();
    return line;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace stoker::test
