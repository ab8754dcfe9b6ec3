// The parts of the agent that the API shows, and how it is told to show them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/api/token.h"
#include "core/clock.h"
#include "core/fleet/offer_cache.h"
#include "core/store/database.h"

namespace stoker::jobs {
class EventFeed;
class KeptModels;
struct PipelineContext;
class Supervisor;
}  // namespace stoker::jobs
namespace stoker::fleet {
class Accounts;
class Fleet;
}  // namespace stoker::fleet
namespace stoker::plugin_host {
class Registry;
}

namespace stoker::api {

class TokenList;

// All references outlive the server; the feed alone may publish after it is gone.
struct ServerContext {
  Clock& clock;
  store::Database& db;
  jobs::Supervisor& supervisor;
  jobs::EventFeed& feed;
  fleet::Fleet& fleet;
  fleet::Accounts& accounts;
  plugin_host::Registry& registry;
  const jobs::PipelineContext& pipeline;  // for estimates and logging in
  std::filesystem::path state_dir;        // jobs/<id>/{log,artifacts/}, files/<id>
  std::string version;                    // of the agent

  std::shared_ptr<fleet::OfferCache> offer_cache = std::make_shared<fleet::OfferCache>();

  std::string listen = "127.0.0.1:7465";  // a loopback address; port 0: a free one
  std::vector<Token> tokens = {};         // the agent's own, beside those of apps
  std::vector<std::string> origins = {};  // exact, as browsers send them: "https://app.example"

  std::string fine_tune_job =
      {};                // members of a job spec for those that come by OpenAI's API, a JSON object; empty: none
  bool chatmle = false;  // OpenAI's API says "running" of all that has not ended
  jobs::KeptModels* kept_models = nullptr;  // none: models can not be tried

  std::function<void(const std::string&)> log = [](const std::string&) {
  };  // faults that no answer can tell; any thread

  int threads = 8;                             // that answer requests; a stream holds none
  int max_connections = 128;                   // waiting or being answered, streams not counted
  int max_streams = 4096;                      // event streams and followed logs
  int64_t head_ms = 10 * kSecond;              // from the first byte of a request to the end of its head
  int64_t idle_ms = 60 * kSecond;              // between two requests
  int64_t stall_ms = 30 * kSecond;             // without a byte taken or sent while some are due
  int64_t heartbeat_ms = 15 * kSecond;         // a comment line on a quiet event stream
  int64_t max_file_bytes = int64_t{8} << 30;   // one uploaded file
  int64_t recent_event_bytes = 1 << 20;        // of a job kept in memory: how far a live reader may fall behind
  std::shared_ptr<TokenList> token_list = {};  // made by the server
  int64_t started_mono_ms = 0;                 // set by the server
  std::stop_token closing = {};                // set by the server: ends waiting for clouds
};

}  // namespace stoker::api
