#include "core/api/token_list.h"

#include <algorithm>

#include "core/api/origin.h"
#include "core/error.h"
#include "core/store/job_id.h"
#include "core/utf8.h"

namespace stoker::api {
namespace {

constexpr size_t kMaxName = 64, kMaxOrigins = 16;
constexpr int64_t kUseMs = kHour;

// It owns the jobs that are submitted with it, so it is never that of the agent's own token.
void check_name(const std::string& name, const std::vector<Token>& own) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.size() > kMaxName || !std::all_of(name.begin(), name.end(), fits))
    throw Error(Fault::invalid, "the name of a token is 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.'", {}, "name");
  for (const Token& token : own)
    if (token.name == name) throw Error(Fault::invalid, "the name " + name + " is the agent's own", {}, "name");
}

void check_origins(const std::vector<std::string>& origins) {
  if (origins.size() > kMaxOrigins) throw Error(Fault::invalid, "a token has at most 16 origins", {}, "origins");
  for (const std::string& origin : origins)
    if (const std::string fault = fault_of_origin(origin); !fault.empty())
      throw Error(Fault::invalid, "`" + to_utf8(origin) + "` is no origin: " + fault,
                  "write it as the browser sends it, for example https://app.example or http://localhost:5173",
                  "origins");
}

std::vector<std::string> without_repeats(const std::vector<std::string>& list) {
  std::vector<std::string> kept;
  for (const std::string& one : list)
    if (std::find(kept.begin(), kept.end(), one) == kept.end()) kept.push_back(one);
  return kept;
}

}  // namespace

TokenList::TokenList(store::Database& db, Clock& clock, std::vector<Token> own)
    : db_(db), clock_(clock), own_(std::move(own)) {
  show(live(), 0);
}

std::shared_ptr<const std::vector<Token>> TokenList::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void TokenList::show(std::vector<store::TokenRow> rows, int64_t version) {
  auto all = std::make_shared<std::vector<Token>>(own_);
  for (const store::TokenRow& row : rows) all->push_back({row.name, Scope::run, row.sha256, row.origins, row.id});
  const std::lock_guard lock(mutex_);
  if (version <= version_) return;
  version_ = version;
  rows_ = std::move(rows);
  current_ = std::move(all);
}

void TokenList::change(const char* what, const std::function<void(store::Tokens&)>& act) {
  std::vector<store::TokenRow> rows;
  int64_t version = 0;
  db_.write(what, [&](store::Connection& connection) {
    store::Tokens tokens(connection);
    act(tokens);
    rows = tokens.live();
    version = ++changes_;
  });
  show(std::move(rows), version);
}

TokenList::Made TokenList::make(const NewToken& wanted) {
  check_name(wanted.name, own_);
  check_origins(wanted.origins);
  Made made;
  made.secret = "sk-stoker-" + new_secret();
  const Token token = Token::of(wanted.name, Scope::run, made.secret);
  made.row.created_ms = clock_.wall_ms();
  made.row.id = "tok-" + store::new_job_id(made.row.created_ms);
  made.row.name = wanted.name;
  made.row.sha256 = token.sha256;
  made.row.origins = without_repeats(wanted.origins);
  change("create token", [&](store::Tokens& tokens) {
    if (const auto taken = tokens.find_live(wanted.name)) {
      if (!wanted.replace)
        throw Error(Fault::conflict, "the name " + wanted.name + " is taken by token " + taken->id,
                    "choose another name, revoke that token first, or replace it", "name");
      tokens.revoke(taken->id, made.row.created_ms);
    }
    tokens.insert(made.row);
  });
  return made;
}

std::vector<store::TokenRow> TokenList::live() const {
  return db_.read([](store::Connection& c) { return store::Tokens(c).live(); });
}

void TokenList::revoke(const std::string& id) {
  change("revoke token", [&](store::Tokens& tokens) { tokens.revoke(id, clock_.wall_ms()); });
}

void TokenList::note_use(const std::string& id) {
  const int64_t now_ms = clock_.wall_ms();
  {
    const std::lock_guard lock(mutex_);
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const auto& one) { return one.id == id; });
    if (row == rows_.end() || now_ms - row->last_used_ms < kUseMs) return;
    row->last_used_ms = now_ms;
  }
  db_.write(
      "note token use", [&](store::Connection& c) { store::Tokens(c).note_use(id, now_ms); },
      store::Durability::relaxed);
}

}  // namespace stoker::api
