// The handlers, a file a resource. Each gives a whole answer or throws Error.
#pragma once

#include "core/api/context.h"
#include "core/api/request.h"

namespace stoker::api {

Reply get_health(const ServerContext& context, const Request& request);
Reply get_openapi(const ServerContext& context, const Request& request);
Reply list_plugins(const ServerContext& context, const Request& request);

Reply list_templates(const ServerContext& context, const Request& request);
Reply get_template(const ServerContext& context, const Request& request);

Reply get_setup(const ServerContext& context, const Request& request);
Reply connect_account(const ServerContext& context, const Request& request);
Reply list_accounts(const ServerContext& context, const Request& request);
Reply get_account(const ServerContext& context, const Request& request);
Reply change_account(const ServerContext& context, const Request& request);
Reply check_account(const ServerContext& context, const Request& request);
Reply remove_account(const ServerContext& context, const Request& request);
Reply list_offers(const ServerContext& context, const Request& request);
Reply estimate_cost(const ServerContext& context, const Request& request);

Reply create_token(const ServerContext& context, const Request& request);
Reply list_tokens(const ServerContext& context, const Request& request);
Reply revoke_token(const ServerContext& context, const Request& request);

Reply create_ssh_key(const ServerContext& context, const Request& request);
Reply list_ssh_keys(const ServerContext& context, const Request& request);
Reply remove_ssh_key(const ServerContext& context, const Request& request);

Reply upload_file(const ServerContext& context, const Request& request);
Reply list_files(const ServerContext& context, const Request& request);
Reply get_file(const ServerContext& context, const Request& request);
Reply delete_file(const ServerContext& context, const Request& request);

Reply submit_job(const ServerContext& context, const Request& request);
Reply list_jobs(const ServerContext& context, const Request& request);
Reply get_job(const ServerContext& context, const Request& request);
Reply cancel_job(const ServerContext& context, const Request& request);
Reply get_events(const ServerContext& context, const Request& request);
Reply get_log(const ServerContext& context, const Request& request);
Reply get_metrics(const ServerContext& context, const Request& request);
Reply list_artifacts(const ServerContext& context, const Request& request);
Reply get_artifact(const ServerContext& context, const Request& request);

Reply list_instances(const ServerContext& context, const Request& request);
Reply get_instance(const ServerContext& context, const Request& request);
Reply destroy_instance(const ServerContext& context, const Request& request);
Reply keep_instance(const ServerContext& context, const Request& request);
Reply stop_keeping_instance(const ServerContext& context, const Request& request);
Reply hold_instance(const ServerContext& context, const Request& request);
Reply release_instance(const ServerContext& context, const Request& request);
Reply open_access(const ServerContext& context, const Request& request);

}  // namespace stoker::api
