#include "core/api/openai/schema.h"

namespace stoker::api::openai {
namespace {

constexpr std::string_view kFile =
    R"({"type":"object","required":["id","object","bytes","created_at","filename","purpose",
"status"],"properties":{"id":{"type":"string"},"object":{"type":"string","enum":["file"]},"bytes":{"type":"integer"},
"created_at":{"type":"integer"},"expires_at":{"type":"integer"},"filename":{"type":"string"},"purpose":{"type":"string"},
"status":{"type":"string","enum":["processed"]},"Processed":{"type":"boolean"},"FileType":{"type":"string"},
"LineCount":{"type":"integer","description":"examples"}}})";

constexpr std::string_view kFileList = R"({"type":"object","required":["object","data","first_id","last_id","has_more"],
"properties":{"object":{"type":"string","enum":["list"]},"data":{"type":"array","items":{"$ref":"#/components/schemas/OpenAIFile"}},
"first_id":{"type":"string"},"last_id":{"type":"string"},"has_more":{"type":"boolean"}}})";

constexpr std::string_view kFileDeleted = R"({"type":"object","required":["id","object","deleted"],"properties":{
"id":{"type":"string"},"object":{"type":"string","enum":["file"]},"deleted":{"type":"boolean"}}})";

constexpr std::string_view kModel = R"({"type":"object","required":["id","object","created","owned_by"],"properties":{
"id":{"type":"string"},"object":{"type":"string","enum":["model"]},"created":{"type":"integer"},"owned_by":{"type":"string"}}})";

constexpr std::string_view kModelList = R"({"type":"object","required":["object","data"],"properties":{
"object":{"type":"string","enum":["list"]},"data":{"type":"array","items":{"$ref":"#/components/schemas/OpenAIModel"}}}})";

constexpr std::string_view kHyperparameters = R"({"type":"object","properties":{
"n_epochs":{"oneOf":[{"type":"string","enum":["auto"]},{"type":"integer","minimum":1,"maximum":50}]},
"batch_size":{"oneOf":[{"type":"string","enum":["auto"]},{"type":"integer","minimum":1,"maximum":256}]},
"learning_rate_multiplier":{"oneOf":[{"type":"string","enum":["auto"]},{"type":"number","exclusiveMinimum":0}],
"description":"of the template's own learning rate; below 0.01 it is taken for the learning rate itself"},
"beta":{"oneOf":[{"type":"string","enum":["auto"]},{"type":"number","exclusiveMinimum":0,"maximum":2}]}},
"additionalProperties":false})";

constexpr std::string_view kRequest = R"({"type":"object","required":["model","training_file"],"properties":{
"model":{"type":"string","description":"tiny-lm, or the name of a model of a hub"},
"training_file":{"type":"string"},"validation_file":{"type":["string","null"]},
"suffix":{"type":["string","null"],"maxLength":64,"pattern":"^[A-Za-z0-9._-]*$"},"seed":{"type":["integer","null"]},
"metadata":{"type":["object","null"],"maxProperties":16,"additionalProperties":{"type":"string","maxLength":512}},
"hyperparameters":{"$ref":"#/components/schemas/OpenAIHyperparameters"},
"method":{"type":"object","required":["type"],"properties":{"type":{"type":"string","enum":["supervised","dpo"]},
"supervised":{"type":"object","properties":{"hyperparameters":{"$ref":"#/components/schemas/OpenAIHyperparameters"}}},
"dpo":{"type":"object","properties":{"hyperparameters":{"$ref":"#/components/schemas/OpenAIHyperparameters"}}}}},
"integrations":{"type":["array","null"],"maxItems":0},"x_learning_rate":{"type":["number","null"],"exclusiveMinimum":0},
"x_stoker":{"type":["object","null"],"description":"members of a job spec: template, params, provider, resources, limits, after, checkpoints, env, secrets"}},
"additionalProperties":false})";

constexpr std::string_view kJob = R"({"type":"object","required":["id","object","model","created_at","finished_at",
"estimated_finish","status","fine_tuned_model","training_file","validation_file","result_files","trained_tokens",
"hyperparameters","method","seed","organization_id","integrations","metadata","error","x_stoker"],"properties":{
"id":{"type":"string"},"object":{"type":"string","enum":["fine_tuning.job"]},"model":{"type":"string"},
"created_at":{"type":"integer"},"finished_at":{"type":["integer","null"]},"estimated_finish":{"type":["integer","null"]},
"status":{"type":"string","enum":["validating_files","queued","running","succeeded","failed","cancelled"]},
"fine_tuned_model":{"type":["string","null"]},"training_file":{"type":"string"},"validation_file":{"type":["string","null"]},
"result_files":{"type":"array","items":{"type":"string"}},"trained_tokens":{"type":["integer","null"]},
"hyperparameters":{"$ref":"#/components/schemas/OpenAIHyperparameters"},"method":{"type":"object"},"seed":{"type":"integer"},
"organization_id":{"type":"string"},"integrations":{"type":"array"},"metadata":{"type":["object","null"]},
"error":{"type":["object","null"],"required":["code","message","param"],"properties":{"code":{"type":"string"},
"message":{"type":"string"},"param":{"type":["string","null"]}}},
"x_stoker":{"type":"object","required":["job_id","state","template","learning_rate","reason","hint","instance_id","cost"],
"properties":{"job_id":{"type":"string"},"state":{"type":"string"},"template":{"type":"string"},"learning_rate":{"type":"number"},
"reason":{"type":"string"},"hint":{"type":"string"},"instance_id":{"type":"string"},"step":{"type":"integer"},
"total_steps":{"type":"integer"},"epoch":{"type":"number"},"train_loss":{"type":"number"},
"cost":{"$ref":"#/components/schemas/Cost"}}}}})";

constexpr std::string_view kJobList = R"({"type":"object","required":["object","data","has_more"],"properties":{
"object":{"type":"string","enum":["list"]},"data":{"type":"array","items":{"$ref":"#/components/schemas/OpenAIJob"}},
"has_more":{"type":"boolean"}}})";

constexpr std::string_view kEvent =
    R"({"type":"object","required":["id","object","created_at","level","message","type","data"],
"properties":{"id":{"type":"string"},"object":{"type":"string","enum":["fine_tuning.job.event"]},"created_at":{"type":"integer"},
"level":{"type":"string","enum":["info","warn","error"]},"message":{"type":"string"},
"type":{"type":"string","enum":["message","metrics"]},"data":{"type":"object"}}})";

constexpr std::string_view kEventList = R"({"type":"object","required":["object","data","has_more"],"properties":{
"object":{"type":"string","enum":["list"]},"data":{"type":"array","items":{"$ref":"#/components/schemas/OpenAIEvent"}},
"has_more":{"type":"boolean"}}})";

constexpr std::string_view kCheckpoint =
    R"({"type":"object","required":["id","object","created_at","fine_tuning_job_id",
"fine_tuned_model_checkpoint","step_number","metrics"],"properties":{"id":{"type":"string"},
"object":{"type":"string","enum":["fine_tuning.job.checkpoint"]},"created_at":{"type":"integer"},
"fine_tuning_job_id":{"type":"string"},"fine_tuned_model_checkpoint":{"type":"string"},"step_number":{"type":"integer"},
"metrics":{"type":"object","additionalProperties":{"type":"number"}}}})";

constexpr std::string_view kCheckpointList =
    R"({"type":"object","required":["object","data","has_more","first_id","last_id"],
"properties":{"object":{"type":"string","enum":["list"]},
"data":{"type":"array","items":{"$ref":"#/components/schemas/OpenAICheckpoint"}},"has_more":{"type":"boolean"},
"first_id":{"type":["string","null"]},"last_id":{"type":["string","null"]}}})";

constexpr std::string_view kChatRequest = R"({"type":"object","required":["model","messages"],"properties":{
"model":{"type":"string","description":"the fine_tuned_model of a job"},"messages":{"type":"array","items":{"type":"object",
"required":["role"],"properties":{"role":{"type":"string"},"content":{}}}},"stream":{"type":["boolean","null"]},
"max_tokens":{"type":["integer","null"]},"temperature":{"type":["number","null"]}}})";

constexpr std::string_view kChat =
    R"({"type":"object","required":["id","object","created","model","choices"],"properties":{
"id":{"type":"string"},"object":{"type":"string"},"created":{"type":"integer"},"model":{"type":"string"},
"choices":{"type":"array","items":{"type":"object","required":["index","message","finish_reason"],"properties":{
"index":{"type":"integer"},"finish_reason":{"type":"string"},"message":{"type":"object","required":["role","content"],
"properties":{"role":{"type":"string"},"content":{"type":["string","null"]}}}}}}}})";

constexpr std::string_view kTogetherRequest = R"({"type":"object","required":["model","training_file"],"properties":{
"model":{"type":"string"},"training_file":{"type":"string"},"validation_file":{"type":["string","null"]},
"suffix":{"type":["string","null"]},"random_seed":{"type":["integer","null"]},"metadata":{"type":["object","null"]},
"n_epochs":{"type":["integer","null"],"minimum":1,"maximum":50},"batch_size":{"type":["integer","string","null"]},
"learning_rate":{"type":["number","null"],"exclusiveMinimum":0},"max_seq_length":{"type":["integer","null"],"minimum":1},
"hyperparameters":{"$ref":"#/components/schemas/OpenAIHyperparameters"},"training_type":{"type":"object"},
"training_method":{"type":"object"},"n_checkpoints":{"type":"integer"},"n_evals":{"type":"integer"},
"x_stoker":{"type":["object","null"]}},"additionalProperties":false})";

constexpr std::string_view kTogetherJob = R"({"type":"object","required":["id","status","created_at","updated_at",
"training_file","model","model_output_name","n_epochs","batch_size","learning_rate","token_count","job_id","progress"],
"properties":{"id":{"type":"string"},"status":{"type":"string","enum":["pending","queued","running","uploading",
"cancel_requested","cancelled","error","completed"]},"created_at":{"type":"string"},"updated_at":{"type":"string"},
"started_at":{"type":"string"},"training_file":{"type":"string"},"validation_file":{"type":"string"},"model":{"type":"string"},
"model_output_name":{"type":"string"},"suffix":{"type":"string"},"n_epochs":{"type":"integer"},"batch_size":{"type":"integer"},
"learning_rate":{"type":"number"},"trainingfile_numlines":{"type":"integer"},"token_count":{"type":"integer"},
"job_id":{"type":"string"},"random_seed":{"type":"integer"},"training_method":{"type":"object"},
"epochs_completed":{"type":"integer"},"error":{"type":"string"},"progress":{"type":"object",
"required":["estimate_available","seconds_remaining"],"properties":{"estimate_available":{"type":"boolean"},
"seconds_remaining":{"type":"integer"}}}}})";

constexpr std::string_view kTogetherJobList = R"({"type":"object","required":["data"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/TogetherJob"}}}})";

constexpr std::string_view kTogetherEventList =
    R"({"type":"object","required":["data"],"properties":{"data":{"type":"array",
"items":{"type":"object","required":["object","created_at","level","message","type","step"],"properties":{
"object":{"type":"string","enum":["fine-tune-event"]},"created_at":{"type":"string"},"level":{"type":"string"},
"message":{"type":"string"},"type":{"type":"string"},"step":{"type":"integer"}}}}}})";

constexpr std::string_view kTogetherCheckpointList = R"({"type":"object","required":["data"],"properties":{"data":{
"type":"array","items":{"type":"object","required":["step","created_at","path","checkpoint_type"],"properties":{
"step":{"type":"integer"},"created_at":{"type":"string"},"path":{"type":"string"},"checkpoint_type":{"type":"string"}}}}}})";

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>& schemas() {
  static const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"OpenAIFile", kFile},
      {"OpenAIFileList", kFileList},
      {"OpenAIFileDeleted", kFileDeleted},
      {"OpenAIModel", kModel},
      {"OpenAIModelList", kModelList},
      {"OpenAIHyperparameters", kHyperparameters},
      {"OpenAIRequest", kRequest},
      {"OpenAIJob", kJob},
      {"OpenAIJobList", kJobList},
      {"OpenAIEvent", kEvent},
      {"OpenAIEventList", kEventList},
      {"OpenAICheckpoint", kCheckpoint},
      {"OpenAICheckpointList", kCheckpointList},
      {"OpenAIChatRequest", kChatRequest},
      {"OpenAIChat", kChat},
      {"TogetherRequest", kTogetherRequest},
      {"TogetherJob", kTogetherJob},
      {"TogetherJobList", kTogetherJobList},
      {"TogetherEventList", kTogetherEventList},
      {"TogetherCheckpointList", kTogetherCheckpointList},
  };
  return table;
}

}  // namespace stoker::api::openai
