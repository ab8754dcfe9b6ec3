// The dialect of OpenAI's fine-tuning API, and Together's, on our jobs: the handlers.
#pragma once

#include "core/api/route.h"

namespace stoker::api::openai {

// Their paths begin with /openai/v1.
[[nodiscard]] std::vector<Route> routes();

Reply upload_file(const ServerContext& context, const Request& request);
Reply list_files(const ServerContext& context, const Request& request);
Reply get_file(const ServerContext& context, const Request& request);
Reply get_file_content(const ServerContext& context, const Request& request);
Reply delete_file(const ServerContext& context, const Request& request);

Reply create_fine_tune(const ServerContext& context, const Request& request);
Reply list_fine_tunes(const ServerContext& context, const Request& request);
Reply get_fine_tune(const ServerContext& context, const Request& request);
Reply cancel_fine_tune(const ServerContext& context, const Request& request);
Reply refuse_pause(const ServerContext& context, const Request& request);
Reply list_fine_tune_events(const ServerContext& context, const Request& request);
Reply list_fine_tune_checkpoints(const ServerContext& context, const Request& request);

Reply list_models(const ServerContext& context, const Request& request);
Reply get_model(const ServerContext& context, const Request& request);

Reply chat(const ServerContext& context, const Request& request);

Reply create_together(const ServerContext& context, const Request& request);
Reply list_together(const ServerContext& context, const Request& request);
Reply get_together(const ServerContext& context, const Request& request);
Reply cancel_together(const ServerContext& context, const Request& request);
Reply list_together_events(const ServerContext& context, const Request& request);
Reply list_together_checkpoints(const ServerContext& context, const Request& request);

}  // namespace stoker::api::openai
