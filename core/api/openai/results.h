// The files that tell how a fine-tuning went: the CSV that OpenAI's guide documents, and all metrics as JSON lines.
#pragma once

#include "core/api/context.h"

namespace stoker::api::openai {

// Makes them for each job that has succeeded and has none yet. Any thread.
void make_results(const ServerContext& context);

}  // namespace stoker::api::openai
