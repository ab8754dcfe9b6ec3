// A whole agent behind a real server on a free port, with no plugin and no cloud.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "core/api/server.h"
#include "core/error.h"
#include "core/fleet/accounts.h"
#include "core/fleet/fleet.h"
#include "core/jobs/supervisor.h"
#include "core/plugin_host/log_parser.h"
#include "core/plugin_host/registry.h"
#include "core/private_file.h"
#include "core/store/events.h"
#include "core/store/jobs.h"

namespace stoker::api {

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/stoker-api-XXXXXX";
    if (::mkdtemp(name)) path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class NoNetwork final : public remote::Connector {
 public:
  std::unique_ptr<remote::Session> connect(const remote::Target&, const Wait&) override {
    throw Error(Fault::unavailable, "there is no network here");
  }
};

class QuietLog final : public plugin_host::HostLog {
 public:
  void write(int32_t, const std::string&, const std::string&) override {}
};

// No job here comes so far that its log would be read.
class UnusedParser final : public plugin_host::LogParser {
 public:
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] int detect(std::string_view) const override { return 0; }
  [[nodiscard]] std::unique_ptr<plugin_host::LogStream> open(uint64_t, const std::string&) const override {
    throw Error(Fault::unavailable, "there is no log here");
  }

 private:
  std::string id_ = "transformers";
};

class World : public testing::Test {
 protected:
  static constexpr const char* kAdmin = "admin-secret";
  static constexpr const char* kApp = "app-secret";
  static constexpr const char* kOther = "other-secret";
  static constexpr const char* kWeb = "web-secret";
  static constexpr const char* kDesk = "desk-secret";
  static constexpr const char* kTokenOrigin = "tauri://localhost";
  static constexpr const char* kOrigin = "https://app.example";

  ServerContext context() {
    ServerContext it{clock, db, supervisor, feed, fleet, accounts, registry, pipeline, folder.path(), "1.2.3"};
    it.listen = "127.0.0.1:0";
    it.origins = {kOrigin};
    it.tokens = {Token::of("admin", Scope::admin, kAdmin), Token::of("app", Scope::run, kApp),
                 Token::of("other", Scope::run, kOther), Token::of("web", Scope::run, kWeb, {kOrigin}),
                 Token::of("desk", Scope::run, kDesk, {kTokenOrigin, "http://tauri.localhost"})};
    return it;
  }

  void serve(ServerContext with) { server = std::make_unique<Server>(std::move(with)); }
  void serve() { serve(context()); }

  store::JobRow add_job(const std::string& id, store::JobState state = store::JobState::running,
                        const std::string& owner = "app") {
    store::JobRow job;
    job.id = id;
    job.name = "tiny";
    job.spec = R"({"run":"true"})";
    job.owner = owner;
    job.state = state;
    job.created_ms = 1;
    db.write("job", [&](store::Connection& c) { store::Jobs(c).insert(job); });
    return job;
  }

  void append(const std::string& job, const std::string& kind, const std::string& data, int64_t t_ms = 0) {
    db.write("event", [&](store::Connection& c) { store::Events(c).append(job, t_ms, kind, data); });
    feed.publish(job);
  }

  // The log of a job, all of it committed.
  void set_log(const std::string& id, const std::string& text, store::JobState state) {
    ensure_private_folder(folder.path() / "jobs" / id);
    std::ofstream(folder.path() / "jobs" / id / "log") << text;  // in place, for those who have it open
    db.write("log", [&](store::Connection& c) {
      store::JobRow job = store::Jobs(c).find(id).value();
      job.log_bytes = static_cast<int64_t>(text.size());
      job.state = state;
      store::Jobs(c).update(job);
    });
    feed.publish(id);
  }

  TempFolder folder;
  SystemClock clock;
  store::Database db{folder.path() / "stoker.db"};
  store::Vault vault = store::Vault::with_key_file(db, folder.path() / "keys" / "vault.key");
  NoNetwork connector;
  QuietLog host_log;
  UnusedParser parser;
  jobs::EventFeed feed;
  Signal work;
  plugin_host::Registry registry{{}, clock, host_log};
  fleet::Fleet fleet{db, clock, work};
  fleet::Accounts accounts{db, vault, registry, clock, [](std::string_view) {}};
  const jobs::PipelineContext pipeline{clock,
                                       db,
                                       vault,
                                       connector,
                                       feed,
                                       work,
                                       [this](const std::string& account) { return accounts.provider(account); },
                                       [this](const std::string& account) { return accounts.browser(account); },
                                       [this] { return std::vector<const plugin_host::LogParser*>{&parser}; },
                                       [] { return std::vector<fleet::UsableAccount>{{"local", "local", false}}; },
                                       {"local"},
                                       folder.path(),
                                       folder.path(),
                                       "0123456789abcdef",
                                       [](const std::string&) {},
                                       templates::Catalogue(STOKER_SOURCE_DIR "/examples/templates")};
  jobs::Supervisor supervisor{pipeline};
  std::unique_ptr<Server> server;
};

}  // namespace stoker::api
