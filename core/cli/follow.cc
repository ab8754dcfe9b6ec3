#include "core/cli/follow.h"

namespace stoker::cli {

bool follow_events(const AgentClient& agent, Clock& clock, const std::string& job_id, const FollowOptions& options,
                   const std::function<void(const ServerEvent&)>& on_event, const std::function<bool()>& go_on,
                   const std::function<void(bool lost)>& on_connection) {
  int64_t seen = options.after;
  int64_t heard_ms = clock.mono_ms();
  bool ended = false, away = false, left = false;
  const auto stay = [&] { return !(left = left || !go_on()); };  // who has left is not asked again
  for (;;) {
    EventReader reader;
    AgentClient::Stream stream;
    stream.path = "/v1/jobs/" + job_id + "/events";
    stream.headers = {{"Accept", "text/event-stream"}};
    if (seen > 0) stream.headers.emplace_back("Last-Event-ID", std::to_string(seen));
    stream.go_on = [&] { return !ended && stay(); };
    stream.sink = [&](std::string_view bytes) {
      heard_ms = clock.mono_ms();
      if (away) on_connection(false);
      away = false;
      reader.feed(bytes, [&](ServerEvent&& event) {
        // An agent that was killed may send again what it had sent before it died.
        if (ended || (event.id >= 0 && event.id <= seen)) return;
        if (event.id >= 0) seen = event.id;
        ended = event.name == "end";
        on_event(event);
      });
    };
    try {
      (void)agent.stream(stream);
    } catch (const Error& e) {
      const bool passing = e.code == kNoAgent || e.fault == Fault::unavailable || e.fault == Fault::rate_limited;
      if (!passing || clock.mono_ms() - heard_ms > options.come_back_ms) throw;
    }
    if (ended) return true;
    if (!stay()) return false;
    if (!away) on_connection(true);
    away = true;
    // Short naps, so that Ctrl-C is heard.
    for (int64_t pause = options.retry_ms; pause > 0 && stay(); pause -= 100)
      clock.sleep(std::min<int64_t>(pause, 100), Wait{});
  }
}

}  // namespace stoker::cli
