// /files of OpenAI's API: multipart uploads, checked and written while they come.
#include <algorithm>
#include <array>

#include "core/api/beneath.h"
#include "core/api/incoming_file.h"
#include "core/api/openai/dataset.h"
#include "core/api/openai/multipart.h"
#include "core/api/openai/openai.h"
#include "core/api/openai/results.h"
#include "core/api/problem.h"
#include "core/api/range_reply.h"
#include "core/api/stored_file.h"
#include "core/store/job_id.h"
#include "core/utf8.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api::openai {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{512} << 20;  // OpenAI's guide: training files of 512 MB
constexpr size_t kMaxName = 255;
constexpr int64_t kLeastLifeS = 3600, kMostLifeS = 2'592'000;  // of expires_after
constexpr std::array kPurposes{"fine-tune", "assistants", "batch", "vision", "user_data", "evals"};

struct Form {
  std::string purpose, filename, anchor, expires;
  bool has_file = false;
};

// Receives the form's file into `file`. What is wrong with it as training data is told once its purpose is known, which
// may come after it.
class Upload {
 public:
  Upload(const ServerContext& context, const std::string& id, int64_t announced)
      : file_(context.state_dir / "files", id, announced) {}

  void receive(Multipart& form) {
    while (const auto part = form.next()) {
      if (part->name == "file") {
        take_file(form, *part);
      } else if (part->name == "purpose") {
        take_purpose(form);
      } else if (part->name == "expires_after[anchor]") {
        form_.anchor = form.read_field();
      } else if (part->name == "expires_after[seconds]") {
        form_.expires = form.read_field();
      } else if (part->name == "file_name") {  // Together's
        form_.filename = label(form.read_field()).substr(0, kMaxName);
      } else {
        (void)form.read_field();  // others send fields of their own; none of them changes what is stored
      }
    }
    if (!form_.has_file) throw Refused(400, "missing_required_parameter", "the form has no file", {}, "file");
    if (form_.purpose.empty())
      throw Refused(400, "missing_required_parameter", "the form has no purpose", "training data has fine-tune",
                    "purpose");
  }

  // For how long it is wanted, in ms; 0: until it is deleted.
  [[nodiscard]] int64_t life_ms() const {
    if (form_.expires.empty()) return 0;
    const auto seconds = parse_count(form_.expires);
    if (!seconds || *seconds < kLeastLifeS || *seconds > kMostLifeS)
      throw Refused(400, "invalid", "expires_after[seconds] is not a whole number from 3600 to 2592000", {},
                    "expires_after[seconds]");
    if (form_.anchor != "created_at")
      throw Refused(400, "invalid", "expires_after[anchor] is not created_at", {}, "expires_after[anchor]");
    return *seconds * kSecond;
  }

  store::FileRow keep() {
    store::FileRow row;
    row.name = form_.filename.empty() ? "unknown_file" : form_.filename;
    row.purpose = form_.purpose;
    if (form_.purpose == "fine-tune") {
      if (flaw_) throw *flaw_;
      row.form = to_string(facts_.form);
      row.examples = facts_.examples;
      row.tokens = facts_.tokens;
    }
    row.size = file_.size();
    file_.keep();
    return row;
  }

 private:
  void take_file(Multipart& form, const Multipart::Part& part) {
    if (form_.has_file) throw Refused(400, "invalid", "the form has two files", {}, "file");
    form_.has_file = true;
    if (form_.filename.empty() && part.filename) form_.filename = part.filename->substr(0, kMaxName);
    Dataset data;
    for (std::string_view bytes = form.read(); !bytes.empty(); bytes = form.read()) {
      if (file_.size() + static_cast<int64_t>(bytes.size()) > kMaxFileBytes)
        throw Refused(413, "file_too_large", "the file is larger than 512 MiB", "split it", "file");
      file_.write(bytes);
      check([&] { data.add(bytes); });
    }
    check([&] { facts_ = data.finish(); });
  }

  template <typename Step>
  void check(Step step) {
    if (flaw_ || (!form_.purpose.empty() && form_.purpose != "fine-tune")) return;
    try {
      step();
    } catch (const Error& error) {
      flaw_ = Refused(400, "invalid_file_format", error.what(), error.hint, "file");
      if (!form_.purpose.empty()) throw *flaw_;
    }
  }

  void take_purpose(Multipart& form) {
    if (!form_.purpose.empty()) throw Refused(400, "invalid", "the form has two purposes", {}, "purpose");
    form_.purpose = form.read_field();
    if (std::find(kPurposes.begin(), kPurposes.end(), form_.purpose) == kPurposes.end())
      throw Refused(400, "invalid", "`" + to_utf8(form_.purpose.substr(0, 64)) + "` is not a purpose",
                    "training data has fine-tune", "purpose");
  }

  IncomingFile file_;
  Form form_;
  DatasetFacts facts_;
  std::optional<Refused> flaw_;
};

void write_file(JsonWriter& json, const store::FileRow& row) {
  json.begin_object()
      .member("id", row.id)
      .member("object", "file")
      .member("bytes", row.size)
      .member("created_at", row.created_ms / 1000)
      .member("filename", to_utf8(row.name))
      .member("purpose", row.purpose)
      .member("status", "processed");
  if (row.expires_ms > 0) json.member("expires_at", row.expires_ms / 1000);
  // Together's names of the same.
  json.member("Processed", true).member("FileType", row.name.ends_with(".csv") ? "csv" : "jsonl");
  json.member("LineCount", row.examples).end_object();
}

Reply file_reply(const store::FileRow& row) {
  JsonWriter json;
  write_file(json, row);
  Reply reply;
  reply.body = json.str();
  return reply;
}

// Of this dialect, and visible.
store::FileRow require(const ServerContext& context, const Request& request) {
  try {
    store::FileRow row = require_file(context, request);
    if (!row.purpose.empty()) return row;
  } catch (const Error& error) {
    if (error.fault != Fault::not_found) throw;
  }
  throw Refused(404, "not_found", "there is no file " + to_utf8(request.parameters.at(0)), "GET /files lists them",
                "file_id");
}

// Of this dialect, newest first.
std::vector<store::FileRow> files_of(const ServerContext& context, const Request& request) {
  constexpr int kBatch = 512;
  const std::string purpose = request.target.text("purpose");
  std::vector<store::FileRow> files;
  context.db.read([&](store::Connection& connection) {
    for (std::string after;;) {
      auto batch = store::Files(connection).list(kBatch, after);
      for (store::FileRow& row : batch) {
        after = row.id;
        if (row.purpose.empty() || !request.caller.may_see(row.owner)) continue;
        if (purpose.empty() || purpose == row.purpose) files.push_back(std::move(row));
      }
      if (batch.size() < kBatch) return;
    }
  });
  return files;
}

}  // namespace

Reply upload_file(const ServerContext& context, const Request& request) {
  remove_expired_files(context);
  const std::string id = "file-" + store::new_job_id(context.clock.wall_ms());
  Upload upload(context, id, request.body.size());
  Multipart form(request.body, boundary_of(request.head.find("Content-Type").value_or("")));
  upload.receive(form);
  const int64_t life_ms = upload.life_ms();
  store::FileRow row = upload.keep();
  row.id = id;
  row.owner = request.caller.name;
  context.db.write("add file", [&](store::Connection& connection) {
    row.created_ms = context.clock.wall_ms();
    if (life_ms > 0) row.expires_ms = row.created_ms + life_ms;
    store::Files(connection).insert(row);
  });
  return file_reply(row);
}

Reply list_files(const ServerContext& context, const Request& request) {
  constexpr int64_t kMost = 10'000;
  remove_expired_files(context);
  make_results(context);
  const auto limit = static_cast<size_t>(request.target.number("limit", kMost, 1, kMost));
  const std::string order = request.target.text("order", "desc"), after = request.target.text("after");
  if (order != "asc" && order != "desc") throw Refused(400, "invalid", "order is neither asc nor desc", {}, "order");
  std::vector<store::FileRow> files = files_of(context, request);
  if (order == "asc") std::reverse(files.begin(), files.end());
  if (!after.empty()) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const auto& row) { return row.id == after; });
    if (at == files.end())
      throw Refused(404, "not_found", "there is no file " + after + " to list on from", {}, "after");
    files.erase(files.begin(), at + 1);
  }
  const bool more = files.size() > limit;
  if (more) files.resize(limit);
  JsonWriter json;
  json.begin_object().member("object", "list").key("data").begin_array();
  for (const store::FileRow& row : files) write_file(json, row);
  json.end_array().member("has_more", more);
  json.member("first_id", files.empty() ? "" : files.front().id)
      .member("last_id", files.empty() ? "" : files.back().id);
  Reply reply;
  reply.body = json.end_object().str();
  return reply;
}

Reply get_file(const ServerContext& context, const Request& request) { return file_reply(require(context, request)); }

Reply get_file_content(const ServerContext& context, const Request& request) {
  const store::FileRow row = require(context, request);
  OpenFile file = open_beneath(context.state_dir / "files", row.id);
  return range_reply(request.head, std::move(file.fd), file.size);
}

Reply delete_file(const ServerContext& context, const Request& request) {
  const store::FileRow row = require(context, request);
  remove_file(context, row);
  JsonWriter json;
  json.begin_object().member("id", row.id).member("object", "file").member("deleted", true).end_object();
  Reply reply;
  reply.body = json.str();
  return reply;
}

}  // namespace stoker::api::openai
