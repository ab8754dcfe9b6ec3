#include "core/clock.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace stoker {
namespace {

TEST(SystemClock, WaitReturnsWhenNotified) {
  SystemClock clock;
  Signal signal;
  const uint64_t seen = signal.count();
  std::thread other = clock.start("notifier", [&] { signal.notify(); });
  clock.wait(signal, seen, {});
  EXPECT_NE(signal.count(), seen);
  other.join();
}

TEST(SystemClock, WaitReturnsWhenCancelledOrLate) {
  SystemClock clock;
  Signal signal;
  std::stop_source cancel;
  std::thread other = clock.start("canceller", [&] { cancel.request_stop(); });
  clock.wait(signal, 0, {cancel.get_token()});
  other.join();
  clock.wait(signal, 0, {{}, clock.mono_ms() + 1});
  EXPECT_EQ(signal.count(), 0u);
}

TEST(SystemClock, CheckNamesWhatWasCutShort) {
  SystemClock clock;
  std::stop_source cancel;
  cancel.request_stop();
  try {
    clock.check({cancel.get_token()}, "upload");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.fault, Fault::cancelled);
    EXPECT_STREQ(e.what(), "upload: cancelled");
  }
  try {
    clock.check({{}, clock.mono_ms()}, "upload");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.fault, Fault::deadline);
  }
}

}  // namespace
}  // namespace stoker
