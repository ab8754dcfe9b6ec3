#include "core/runner/tail.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>

#include "tests/runner/program.h"

namespace stoker::runner {
namespace {

struct Frame {
  char type = 0;
  std::string payload;
};

uint64_t u64(const std::string& bytes, size_t at) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, 8);
  return value;
}

class TailTest : public RunnerTest {
 protected:
  std::optional<Frame> next(Child& tail) {
    for (;;) {
      uint32_t length = 0;
      if (pending_.size() >= 5) std::memcpy(&length, pending_.data() + 1, 4);
      EXPECT_LE(length, kTailMaxPayload);
      if (pending_.size() >= 5 && pending_.size() >= 5 + length) {
        Frame frame{pending_[0], pending_.substr(5, length)};
        pending_.erase(0, 5 + length);
        return frame;
      }
      if (!tail.read(pending_, 10'000)) return std::nullopt;
    }
  }

  // Everything to the exit frame; the data must come without a hole.
  std::string all(Child& tail, int64_t from) {
    std::string data;
    exit_.clear();
    while (const auto frame = next(tail)) {
      if (frame->type == kTailExit) exit_ = frame->payload;
      if (frame->type != kTailData) continue;
      EXPECT_EQ(u64(frame->payload, 0), static_cast<uint64_t>(from) + data.size());
      data += frame->payload.substr(8);
    }
    return data;
  }

  Child follow(int64_t from, const std::string& phase = "train") {
    return Child(with_job({"tail", "--phase", phase, "--from", std::to_string(from), "--follow"}));
  }

  std::string pending_, exit_;
};

TEST_F(TailTest, IsByteExactFromAnyOffset) {
  write_spec(
      "for i in $(seq 300); do printf x; done; printf 'a\\rb\\rc\\n\\0\\377'; head -c 5000000 /dev/urandom; printf "
      "end");
  start();
  Child tail = follow(0);
  const std::string data = all(tail, 0);
  EXPECT_EQ(data.size(), 300u + 8 + 5'000'000 + 3);
  EXPECT_TRUE(data == log());
  EXPECT_NE(exit_.find("\"code\":0"), std::string::npos) << exit_;
  for (const size_t from : {size_t{1}, size_t{299}, data.size() - 1, data.size()}) {
    Child again = follow(static_cast<int64_t>(from));
    EXPECT_TRUE(all(again, static_cast<int64_t>(from)) == data.substr(from)) << from;
    EXPECT_FALSE(exit_.empty());
  }
}

TEST_F(TailTest, WithoutFollowGivesWhatIsThere) {
  write_spec("echo one; exec sleep 60");
  start();
  ASSERT_TRUE(wait_until([&] { return log() == "one\n"; }));
  Child tail(with_job({"tail", "--phase", "train", "--from", "1"}));
  EXPECT_EQ(all(tail, 1), "ne\n");
  EXPECT_EQ(exit_, "");
}

TEST_F(TailTest, EndsAtTheBytesOfItsPhase) {
  write_spec("echo train", "echo setup");
  start("setup");
  wait_for_state("exited", "setup");
  start();
  wait_for_state("exited");
  {
    std::ofstream(job_ / "log", std::ios::app) << "stray";
  }
  Child setup = follow(0, "setup");
  EXPECT_EQ(all(setup, 0), "setup\n");
  Child train = follow(6);
  EXPECT_EQ(all(train, 6), "train\n");
  EXPECT_EQ(number(exit_, "log_bytes"), 12);
}

TEST_F(TailTest, WaitsForALogToCome) {
  write_spec("echo late");
  Child tail = follow(0);
  start();
  EXPECT_EQ(all(tail, 0), "late\n");
}

TEST_F(TailTest, ALineComesWithinAMillisecond) {
  write_spec("exec sleep 60");
  start();
  Child tail = follow(0);
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(job_ / "log"); }));
  const int log_file = ::open((job_ / "log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ASSERT_GE(log_file, 0);
  std::vector<double> taken;
  for (int i = 0; i < 50; ++i) {
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(::write(log_file, "line\n", 5), 5);
    const auto frame = next(tail);
    ASSERT_TRUE(frame && frame->type == kTailData);
    taken.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  ::close(log_file);
  std::sort(taken.begin(), taken.end());
  RecordProperty("median_us", static_cast<int>(taken[25] * 1000));
  EXPECT_LT(taken[25], 20.0) << "far over a poll's time even on a busy machine";
}

TEST_F(TailTest, SaysWhenBytesAreGone) {
  write_spec("printf 0123456789; while [ ! -e go ]; do sleep 0.02; done; printf abc");
  start();
  Child tail = follow(0);
  auto frame = next(tail);
  while (frame && frame->type == kTailData && pending_.empty() && log().size() < 10) frame = next(tail);
  std::filesystem::resize_file(job_ / "log", 4);
  do frame = next(tail);
  while (frame && frame->type != kTailGap);
  ASSERT_TRUE(frame);
  EXPECT_EQ(u64(frame->payload, 0), 4u);
  EXPECT_EQ(u64(frame->payload, 8), 10u);
  write_text(job_ / "work" / "go", "");
  EXPECT_EQ(all(tail, 10), "");
  EXPECT_EQ(number(exit_, "log_bytes"), 7);
}

TEST_F(TailTest, EndsWithItsReaderOrItsInput) {
  write_spec("exec sleep 60");
  start();
  Child by_input = follow(0);
  EXPECT_EQ(by_input.finish().code, 0);
}

TEST_F(TailTest, BeatsWhileNothingHappens) {
  write_spec("exec sleep 60");
  start();
  int input[2], output[2];
  ASSERT_EQ(::pipe2(input, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
  TailOptions options{"train", 0, true, input[0], output[1], 20};
  const pid_t reader = ::fork();
  if (reader == 0) {
    // Three beats, then the reader goes away.
    ::close(output[1]);
    char beats[15];
    for (size_t got = 0; got < sizeof beats;)
      got += static_cast<size_t>(::read(output[0], beats + got, sizeof beats - got));
    ::_exit(beats[0] == 'H' && beats[5] == 'H' && beats[10] == 'H' ? 0 : 1);
  }
  ::close(output[0]);
  tail_log(Job::open(job_.string()), options);
  int status = -1;
  ::waitpid(reader, &status, 0);
  EXPECT_EQ(status, 0);
  for (const int fd : {input[0], input[1], output[1]}) ::close(fd);
}

}  // namespace
}  // namespace stoker::runner
