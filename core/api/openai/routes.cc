#include "core/api/openai/openai.h"
#include "core/api/request_body.h"

namespace stoker::api::openai {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kForm = "multipart/form-data";
constexpr int64_t kMaxUploadBytes = (int64_t{512} << 20) + (64 << 10);  // a file of 512 MiB in its form

const std::vector<Parameter> kPaging = {{"limit", "integer", "how many at most"},
                                        {"after", "string", "the id of the last one of the page before"}};

Route get(const char* path, Handler handler, const char* schema, const char* summary,
          std::vector<Parameter> query = {}) {
  return {"GET",   path,    Scope::run,       handler, nullptr,        0, 200, schema,
          nullptr, summary, std::move(query), false,   Dialect::openai};
}

Route post(const char* path, Handler handler, const char* schema, const char* summary) {
  return {"POST", path, Scope::run, handler, nullptr, 0, 200, schema, nullptr, summary, {}, false, Dialect::openai};
}

Route create(const char* path, Handler handler, const char* schema, const char* body, const char* summary) {
  return {"POST", path, Scope::run, handler, kJson, kMaxJsonBytes,  200,
          schema, body, summary,    {},      false, Dialect::openai};
}

Route upload(const char* path) {
  return {"POST",
          path,
          Scope::run,
          upload_file,
          kForm,
          kMaxUploadBytes,
          200,
          "OpenAIFile",
          nullptr,
          "Upload a file; training data is checked line by line.",
          {},
          true,
          Dialect::openai};
}

}  // namespace

std::vector<Route> routes() {
  std::vector<Route> table = {
      upload("/openai/v1/files"),
      upload("/openai/v1/files/upload"),
      get("/openai/v1/files", list_files, "OpenAIFileList", "List files, newest first.",
          {{"purpose", "string", "of this purpose only"},
           {"order", "string", "asc or desc, by the time of upload"},
           {"limit", "integer", "how many at most, 1 to 10000"},
           {"after", "string", "the id of the last one of the page before"}}),
      get("/openai/v1/files/{file_id}", get_file, "OpenAIFile", "Show a file."),
      get("/openai/v1/files/{file_id}/content", get_file_content, nullptr, "The bytes of a file. Range is honoured."),
      {"DELETE",
       "/openai/v1/files/{file_id}",
       Scope::run,
       delete_file,
       nullptr,
       0,
       200,
       "OpenAIFileDeleted",
       nullptr,
       "Remove a file; refused while a job needs it.",
       {},
       false,
       Dialect::openai},
      get("/openai/v1/models", list_models, "OpenAIModelList",
          "List the models that can be trained, and those that were."),
      get("/openai/v1/models/{model...}", get_model, "OpenAIModel", "Show a model."),
      create("/openai/v1/chat/completions", chat, "OpenAIChat", "OpenAIChatRequest",
             "Ask a trained model whose machine is kept; with stream the answer is server-sent events."),
      create("/openai/v1/fine-tunes", create_together, "TogetherJob", "TogetherRequest",
             "Train a model, in Together's words."),
      get("/openai/v1/fine-tunes", list_together, "TogetherJobList", "List fine-tuning jobs, newest first.", kPaging),
      get("/openai/v1/fine-tunes/{id}", get_together, "TogetherJob", "Show a fine-tuning job."),
      post("/openai/v1/fine-tunes/{id}/cancel", cancel_together, "TogetherJob", "Ask a fine-tuning job to stop."),
      get("/openai/v1/fine-tunes/{id}/events", list_together_events, "TogetherEventList",
          "What has happened, oldest first."),
      get("/openai/v1/fine-tunes/{id}/checkpoints", list_together_checkpoints, "TogetherCheckpointList",
          "List checkpoints."),
  };
  // ChatMLE spells it with a hyphen.
  static constexpr const char* kBases[][7] = {
      {"/openai/v1/fine_tuning/jobs", "/openai/v1/fine_tuning/jobs/{fine_tuning_job_id}",
       "/openai/v1/fine_tuning/jobs/{fine_tuning_job_id}/cancel",
       "/openai/v1/fine_tuning/jobs/{fine_tuning_job_id}/pause",
       "/openai/v1/fine_tuning/jobs/{fine_tuning_job_id}/resume",
       "/openai/v1/fine_tuning/jobs/{fine_tuning_job_id}/events",
       "/openai/v1/fine_tuning/jobs/{fine_tuning_job_id}/checkpoints"},
      {"/openai/v1/fine-tuning/jobs", "/openai/v1/fine-tuning/jobs/{fine_tuning_job_id}",
       "/openai/v1/fine-tuning/jobs/{fine_tuning_job_id}/cancel",
       "/openai/v1/fine-tuning/jobs/{fine_tuning_job_id}/pause",
       "/openai/v1/fine-tuning/jobs/{fine_tuning_job_id}/resume",
       "/openai/v1/fine-tuning/jobs/{fine_tuning_job_id}/events",
       "/openai/v1/fine-tuning/jobs/{fine_tuning_job_id}/checkpoints"}};
  for (const auto& base : kBases) {
    table.push_back(create(base[0], create_fine_tune, "OpenAIJob", "OpenAIRequest",
                           "Train a model. A repetition of a request whose answer was lost gives the same job."));
    table.push_back(get(base[0], list_fine_tunes, "OpenAIJobList", "List fine-tuning jobs, newest first.", kPaging));
    table.push_back(get(base[1], get_fine_tune, "OpenAIJob", "Show a fine-tuning job."));
    table.push_back(post(base[2], cancel_fine_tune, "OpenAIJob", "Ask a fine-tuning job to stop."));
    table.push_back(post(base[3], refuse_pause, "OpenAIJob", "Refused: jobs can not be paused."));
    table.push_back(post(base[4], refuse_pause, "OpenAIJob", "Refused: jobs can not be resumed."));
    table.push_back(
        get(base[5], list_fine_tune_events, "OpenAIEventList", "What has happened, newest first.", kPaging));
    table.push_back(
        get(base[6], list_fine_tune_checkpoints, "OpenAICheckpointList", "List checkpoints, newest first.", kPaging));
  }
  return table;
}

}  // namespace stoker::api::openai
