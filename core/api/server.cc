#include "core/api/server.h"

#include "core/api/exchange.h"
#include "core/api/token_list.h"
#include "core/error.h"
#include "core/jobs/event_feed.h"
#include "core/private_file.h"

namespace stoker::api {
namespace {

// Uploads that a crash cut off.
void remove_parts(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".part") std::filesystem::remove(entry.path());
}

}  // namespace

Server::Server(ServerContext context) : context_(std::move(context)) {
  context_.started_mono_ms = context_.clock.mono_ms();
  context_.closing = stop_.get_token();
  context_.token_list = std::make_shared<TokenList>(context_.db, context_.clock, context_.tokens);
  ensure_private_folder(context_.state_dir / "files");
  remove_parts(context_.state_dir / "files");
  streams_ = std::make_unique<StreamLoop>(context_);
  context_.feed.subscribe([inbox = streams_->inbox()](const std::string& job_id) { inbox->touch(job_id); });
  door_ = std::make_unique<Door>(context_, [this](Knock knock) {
    {
      const std::lock_guard lock(mutex_);
      knocks_.push_back(std::move(knock));
    }
    knocked_.notify();
  });
  rules_ = {door_->port(), context_.origins, context_.max_file_bytes};
  for (int i = 0; i < context_.threads; ++i)
    workers_.push_back(context_.clock.start("api-" + std::to_string(i), [this] { work(stop_.get_token()); }));
}

Server::~Server() { stop(); }

void Server::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const uint64_t seen = knocked_.count();
    std::optional<Knock> knock;
    {
      const std::lock_guard lock(mutex_);
      if (!knocks_.empty()) {
        knock = std::move(knocks_.front());
        knocks_.pop_front();
      }
    }
    if (knock)
      answer(std::move(*knock), context_, rules_, *door_, *streams_->inbox());
    else
      context_.clock.wait(knocked_, seen, {stop, INT64_MAX});
  }
}

void Server::stop() {
  stop_.request_stop();
  for (std::thread& worker : workers_) context_.clock.join(worker);
  workers_.clear();
  streams_.reset();
  door_.reset();
}

}  // namespace stoker::api
