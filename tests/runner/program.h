// The real stoker-runner on a job folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::runner {

struct Ran {
  int code = -1;  // 128 + N for a signal
  std::string output, error;
};

// A child process with pipes on its standard streams.
class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments, const std::vector<std::string>& extra_env = {});
  Child(Child&& other) noexcept;
  ~Child();  // kills what still runs

  void write(std::string_view bytes);
  void close_input();
  // Appends what is there within `ms`; false at the end of the output.
  bool read(std::string& to, int ms);
  Ran finish(std::string_view input = {});
  [[nodiscard]] int pid() const { return pid_; }

 private:
  int pid_ = -1, in_ = -1, out_ = -1, err_ = -1;
};

[[nodiscard]] std::string program();

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The runner's command with --job of this test.
  Ran run(std::vector<std::string> arguments, std::string_view input = {},
          const std::vector<std::string>& extra_env = {});
  [[nodiscard]] std::vector<std::string> with_job(std::vector<std::string> arguments) const;
  void write_spec(const std::string& train, const std::string& setup = "true");
  void start(const std::string& phase = "train");
  std::string status(const std::string& phase = "train");
  // Waits until status shows one of this state; the last status.
  std::string wait_for_state(const std::string& state, const std::string& phase = "train");
  [[nodiscard]] std::string log() const;
  // The number behind "key": in JSON.
  static int64_t number(const std::string& json, const std::string& key);

  std::filesystem::path folder_, job_;
};

void write_text(const std::filesystem::path& path, std::string_view text);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
// Until true, for at most 10 s.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition);

}  // namespace stoker::runner
