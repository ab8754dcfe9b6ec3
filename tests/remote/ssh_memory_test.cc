#include "core/remote/ssh_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace stoker::remote {
namespace {

TEST(SshMemory, KeepsWhatIsInItThroughAnyOrderOfCalls) {
  SshMemory memory;
  std::mt19937 random(1);
  struct Held {
    unsigned char* at;
    size_t size;
    unsigned char fill;
  };
  std::vector<Held> held;
  const auto expect_whole = [](const Held& it, size_t size) {
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(it.at[i], it.fill);
  };
  for (int i = 0; i < 20'000; ++i) {
    const size_t size = random() % 300;
    const auto fill = static_cast<unsigned char>(random());
    if (held.empty() || random() % 3 == 0) {
      held.push_back({static_cast<unsigned char*>(memory.allocate(size)), size, fill});
      std::memset(held.back().at, fill, size);
      continue;
    }
    Held& it = held[random() % held.size()];
    expect_whole(it, it.size);
    if (random() % 2 == 0) {
      it.at = static_cast<unsigned char*>(memory.resize(it.at, size));
      expect_whole(it, std::min(it.size, size));
      std::memset(it.at, it.fill, size);
      it.size = size;
    } else {
      memory.release(it.at);
      std::swap(it, held.back());
      held.pop_back();
    }
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(held.front().at) % alignof(std::max_align_t), 0U);
}

TEST(SshMemory, TakesNullAndRefusesWhatCanNotBe) {
  SshMemory memory;
  memory.release(nullptr);
  void* made = memory.resize(nullptr, 10);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(memory.allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(memory.resize(made, SIZE_MAX), nullptr);
  memory.release(made);
}

}  // namespace
}  // namespace stoker::remote
