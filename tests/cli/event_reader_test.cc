#include "core/cli/event_reader.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace stoker::cli {
namespace {

std::string read(const std::string& bytes, size_t cut) {
  EventReader reader;
  std::string seen;
  const auto sink = [&](ServerEvent&& event) {
    seen += std::to_string(event.id) + " " + event.name + " " + event.data + ";";
  };
  reader.feed(bytes.substr(0, cut), sink);
  reader.feed(bytes.substr(cut), sink);
  return seen;
}

TEST(EventReader, reads_the_same_events_wherever_the_bytes_are_split) {
  const std::string bytes =
      ": hello\n\nid: 7\nevent: log\ndata: a\ndata: b\n\nevent:end\r\ndata:{}\r\n\r\nid: 9\nevent: cut\ndata: no";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) EXPECT_EQ(read(bytes, cut), "7 log a\nb;-1 end {};") << cut;
}

TEST(EventReader, refuses_an_event_without_end) {
  EventReader reader;
  const std::string megabyte(1 << 20, 'x');
  EXPECT_THROW(
      {
        for (int i = 0; i < 10; ++i) reader.feed(megabyte, [](ServerEvent&&) {});
      },
      Error);
}

}  // namespace
}  // namespace stoker::cli
