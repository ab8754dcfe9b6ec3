// A fine-tuning job as clients see it: what was asked for, the job that it became, and how far that is.
#pragma once

#include <string>
#include <vector>

#include "core/api/context.h"
#include "core/api/openai/fine_tune.h"
#include "core/api/openai/training_facts.h"
#include "core/api/request.h"
#include "core/store/fine_tunes.h"
#include "core/store/jobs.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::api::openai {

struct FineTuneJob {
  store::FineTuneRow row;
  FineTune asked;
  store::JobRow job;
  TrainingFacts facts;

  [[nodiscard]] std::string id() const { return "ftjob-" + job.id; }
  [[nodiscard]] bool succeeded() const { return job.state == store::JobState::succeeded; }
  [[nodiscard]] std::vector<std::string> result_files() const;
  // Tokens that the training has seen so far, about.
  [[nodiscard]] std::optional<int64_t> trained_tokens() const;
};

[[nodiscard]] FineTuneJob load_fine_tune(store::Connection& connection, store::FineTuneRow row);

// That of the route's first parameter. Throws Refused where the caller has none.
[[nodiscard]] FineTuneJob require_fine_tune(const ServerContext& context, const Request& request);

// Those of the caller, newest first; has_more says whether there are others.
struct FineTunePage {
  std::vector<FineTuneJob> jobs;
  bool has_more = false;
};
[[nodiscard]] FineTunePage list_of_fine_tunes(const ServerContext& context, const Request& request,
                                              int64_t usual_limit);

// OpenAI's FineTuningJob, with `x_stoker` beside: our job's id and what OpenAI has no member for.
void write_openai(JsonWriter& json, const ServerContext& context, const FineTuneJob& it);
// Together's FinetuneResponse.
void write_together(JsonWriter& json, const FineTuneJob& it, int64_t now_ms);

// The name of OpenAI's status: truthful, or for clients that stop asking at anything but "running" as they need it.
[[nodiscard]] const char* openai_status(const store::JobRow& job, bool chatmle);

// "2026-11-27T10:00:00Z"
[[nodiscard]] std::string iso_time(int64_t ms);

}  // namespace stoker::api::openai
