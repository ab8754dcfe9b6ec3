#include "core/api/openai/results.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <map>

#include "core/api/incoming_file.h"
#include "core/store/events.h"
#include "core/store/files.h"
#include "core/store/fine_tunes.h"
#include "core/store/job_id.h"

namespace stoker::api::openai {
namespace {

constexpr int kBatch = 4096;

struct CsvRow {
  std::string train_loss, train_accuracy, valid_loss, valid_accuracy;
};

void set(std::string& cell, simdjson::simdjson_result<simdjson::dom::element> from) {
  double value = 0;
  if (from.get(value) == simdjson::SUCCESS) cell = fmt::format("{:.6g}", value);
}

// Calls `each` with every metric and eval event, oldest first.
template <typename Each>
void for_each_record(const ServerContext& context, const std::string& job_id, Each each) {
  for (int64_t after = 0;;) {
    const auto rows = context.db.read(
        [&](store::Connection& c) { return store::Events(c).of_kinds(job_id, {"metric", "eval"}, after, kBatch); });
    for (const store::EventRow& row : rows) each(row);
    if (rows.size() < kBatch) return;
    after = rows.back().seq;
  }
}

void write_csv(const ServerContext& context, const std::string& job_id, IncomingFile& file) {
  simdjson::dom::parser parser;
  std::map<int64_t, CsvRow> rows;
  for_each_record(context, job_id, [&](const store::EventRow& row) {
    const simdjson::dom::element data = parser.parse(row.data);
    double step = 0;
    if (data["step"].get(step) != simdjson::SUCCESS) return;
    CsvRow& cells = rows[static_cast<int64_t>(step)];
    const bool evaluation = row.kind == "eval";
    set(evaluation ? cells.valid_loss : cells.train_loss, data["values"][evaluation ? "eval_loss" : "train_loss"]);
    set(evaluation ? cells.valid_accuracy : cells.train_accuracy, data["values"]["token_accuracy"]);
  });
  file.write("step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n");
  for (const auto& [step, cells] : rows)
    file.write(fmt::format("{},{},{},{},{}\n", step, cells.train_loss, cells.train_accuracy, cells.valid_loss,
                           cells.valid_accuracy));
}

void write_lines(const ServerContext& context, const std::string& job_id, IncomingFile& file) {
  for_each_record(context, job_id, [&](const store::EventRow& row) {
    file.write(R"({"event":")" + row.kind + "\"," + row.data.substr(1) + "\n");
  });
}

store::FileRow make_file(const ServerContext& context, const store::FineTuneRow& of, const char* name,
                         void (*write)(const ServerContext&, const std::string&, IncomingFile&)) {
  store::FileRow row;
  row.name = name;
  row.owner = of.owner;
  row.purpose = "fine-tune-results";
  row.id = "file-" + store::new_job_id(context.clock.wall_ms());
  IncomingFile file(context.state_dir / "files", row.id, -1);
  write(context, of.job_id, file);
  row.size = file.size();
  file.keep();
  return row;
}

}  // namespace

void make_results(const ServerContext& context) {
  for (const store::FineTuneRow& row :
       context.db.read([](store::Connection& c) { return store::FineTunes(c).without_results(); })) {
    store::FileRow csv = make_file(context, row, "step_metrics.csv", write_csv);
    store::FileRow lines = make_file(context, row, "metrics.jsonl", write_lines);
    const bool first = context.db.write("results", [&](store::Connection& connection) {
      if (!store::FineTunes(connection).set_results(row.job_id, csv.id + "," + lines.id)) return false;
      csv.created_ms = lines.created_ms = context.clock.wall_ms();
      store::Files files(connection);
      files.insert(csv);
      files.insert(lines);
      return true;
    });
    if (first) continue;
    // Another request was quicker.
    std::filesystem::remove(context.state_dir / "files" / csv.id);
    std::filesystem::remove(context.state_dir / "files" / lines.id);
  }
}

}  // namespace stoker::api::openai
