#include "core/api/schema.h"

namespace stoker::api {
namespace {

constexpr std::string_view kHealth =
    R"({"type":"object","required":["status","version","abi","uptime_ms"],"properties":{
"status":{"type":"string"},"version":{"type":"string"},"abi":{"type":"string"},"uptime_ms":{"type":"integer"}}})";

constexpr std::string_view kOpenaiError = R"({"type":"object","required":["error"],"properties":{"error":{
"type":"object","required":["message","type","param","code"],"properties":{"message":{"type":"string"},
"type":{"type":"string"},"param":{"type":["string","null"]},"code":{"type":["string","null"]}}}}})";

constexpr std::string_view kProblem =
    R"({"type":"object","required":["type","title","status","detail","code"],"properties":{
"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},
"code":{"type":"string"},"hint":{"type":"string"},"field":{"type":"string"}}})";

constexpr std::string_view kPlugin =
    R"({"type":"object","required":["id","name","summary","kind","version","abi","state"],
"properties":{"id":{"type":"string"},"name":{"type":"string"},"summary":{"type":"string"},
"kind":{"type":"string","enum":["provider","log_parser","both","unknown"]},"version":{"type":"string"},"abi":{"type":"string"},
"state":{"type":"string","enum":["loaded","failed","available"]},"path":{"type":"string"},"reason":{"type":"string"}}})";

constexpr std::string_view kPluginList = R"({"type":"object","required":["data"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Plugin"}}}})";

constexpr std::string_view kFile = R"({"type":"object","required":["id","name","size","created_ms"],"properties":{
"id":{"type":"string"},"name":{"type":"string"},"size":{"type":"integer"},"created_ms":{"type":"integer"}}})";

constexpr std::string_view kFileList = R"({"type":"object","required":["data","has_more","last_id"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/File"}},"has_more":{"type":"boolean"},
"last_id":{"type":["string","null"]}}})";

constexpr std::string_view kCost = R"({"type":"object","required":["so_far","per_hour","currency"],"properties":{
"so_far":{"type":"number"},"per_hour":{"type":"number"},"currency":{"type":"string"}}})";

constexpr std::string_view kJob = R"({"type":"object","required":["id","name","owner","state","outcome","reason","hint",
"exit_code","cancel_requested","attempt","instance_id","created_ms","started_ms","ended_ms","parser","parser_score",
"log_bytes","last_seq","cost","attempts","spec"],"properties":{"id":{"type":"string"},"name":{"type":"string"},"owner":{"type":"string"},
"state":{"type":"string","enum":["queued","provisioning","connecting","staging","setup","running","collecting","releasing",
"succeeded","failed","cancelled"]},"outcome":{"type":"string","enum":["","succeeded","failed","cancelled"]},
"reason":{"type":"string"},"hint":{"type":"string"},"exit_code":{"type":["integer","null"]},
"cancel_requested":{"type":"boolean"},"attempt":{"type":"integer"},"instance_id":{"type":"string"},
"created_ms":{"type":["integer","null"]},"started_ms":{"type":["integer","null"]},"ended_ms":{"type":["integer","null"]},
"parser":{"type":"string"},"parser_score":{"type":"integer"},"log_bytes":{"type":"integer"},"last_seq":{"type":"integer"},
"cost":{"$ref":"#/components/schemas/Cost"},
"attempts":{"type":"array","items":{"$ref":"#/components/schemas/Attempt"}},"spec":{"$ref":"#/components/schemas/JobSpec"}}})";

constexpr std::string_view kJobSpec = R"({"type":"object","properties":{"name":{"type":"string"},
"provider":{"type":["string","array"]},"resources":{"type":"object"},"inputs":{"type":"array","items":{"type":"object",
"properties":{"from":{"type":"string"},"to":{"type":"string"}}}},"env":{"type":"object"},"secrets":{"type":"object"},
"template":{"type":"string"},"params":{"type":"object","description":"parameters of the template, see Template"},
"rendered":{"type":"object","description":"what the template became; only given, never taken"},
"setup":{"type":"string"},"run":{"type":"string"},"log_parser":{"type":"string"},"outputs":{"type":"array"},
"checkpoints":{"type":"object"},"serve":{"type":"object"},"limits":{"type":"object"},"after":{"type":["string","object"]}}})";

constexpr std::string_view kJobList = R"({"type":"object","required":["data","has_more","last_id"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Job"}},"has_more":{"type":"boolean"},
"last_id":{"type":["string","null"]}}})";

constexpr std::string_view kMetricList = R"({"type":"object","required":["data"],"properties":{"data":{"type":"array",
"items":{"type":"object","required":["name","points"],"properties":{"name":{"type":"string"},"points":{"type":"array",
"items":{"type":"object","required":["step","t","value"],"properties":{"step":{"type":["number","null"]},
"t":{"type":"integer"},"value":{"type":["number","null"]}}}}}}}}})";

constexpr std::string_view kArtifactList = R"({"type":"object","required":["data"],"properties":{"data":{"type":"array",
"items":{"type":"object","required":["path","size","xxh3","complete"],"properties":{"path":{"type":"string"},
"size":{"type":"integer"},"xxh3":{"type":"string"},"complete":{"type":"boolean"}}}}}})";

constexpr std::string_view kInstance =
    R"({"type":"object","required":["id","job_id","attempt","provider","account","state","cloud_id",
"cloud_state","machine","region","zone","ssh_host","ssh_port","ssh_user","reason","kept","keep_until_ms","created_ms",
"billed_from_ms","deadline_ms","gone_ms","cost","holder","jobs","idle","idle_since_ms","goes_ms","idle_cost"],"properties":{"id":{"type":"string"},"job_id":{"type":"string"},
"attempt":{"type":"integer"},"provider":{"type":"string"},"account":{"type":"string"},
"state":{"type":"string","enum":["intent","unknown","refused","alive","deleting","gone"]},"cloud_id":{"type":"string"},
"cloud_state":{"type":"string"},"machine":{"type":"string"},"region":{"type":"string"},"zone":{"type":"string"},
"ssh_host":{"type":"string"},"ssh_port":{"type":"integer"},"ssh_user":{"type":"string"},"reason":{"type":"string"},
"kept":{"type":"boolean"},"keep_until_ms":{"type":["integer","null"]},"created_ms":{"type":["integer","null"]},
"billed_from_ms":{"type":["integer","null"]},"deadline_ms":{"type":["integer","null"]},
"gone_ms":{"type":["integer","null"]},"cost":{"$ref":"#/components/schemas/Cost"},
"holder":{"type":"string","description":"the job that has it, or had it last"},"jobs":{"type":"integer"},
"idle":{"type":"boolean"},"idle_since_ms":{"type":["integer","null"]},"goes_ms":{"type":["integer","null"],
"description":"when it is deleted at the latest, or sooner if it is idle until then"},"idle_cost":{"type":"number"}}})";

constexpr std::string_view kAccess =
    R"({"type":"object","required":["id","host","port","user","host_public_key","private_key"],"properties":{
"id":{"type":"string"},"host":{"type":"string"},"port":{"type":"integer"},"user":{"type":"string"},
"host_public_key":{"type":"string"},"private_key":{"type":"string"}}})";

constexpr std::string_view kInstanceList = R"({"type":"object","required":["data","has_more","last_id"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Instance"}},"has_more":{"type":"boolean"},
"last_id":{"type":["string","null"]}}})";

constexpr std::string_view kKeep =
    R"({"type":"object","properties":{"idle_minutes":{"type":["integer","null"],"minimum":1}},
"additionalProperties":false})";

constexpr std::string_view kSetup =
    R"({"type":"object","required":["provider","name","summary","url","needs_account","fields","permissions","hosts"],
"properties":{"provider":{"type":"string"},"name":{"type":"string"},"summary":{"type":"string"},"url":{"type":"string"},
"needs_account":{"type":"boolean"},"permissions":{"type":"array","items":{"type":"string"}},
"hosts":{"type":"array","items":{"type":"string"}},"fields":{"type":"array","items":{"type":"object",
"required":["key","label","kind","required","secret","advanced","help","default","example","docs_url","group","choices"],
"properties":{"key":{"type":"string"},"label":{"type":"string"},
"kind":{"type":"string","enum":["text","secret","integer","boolean","choice","path"]},"required":{"type":"boolean"},
"secret":{"type":"boolean"},"advanced":{"type":"boolean"},"help":{"type":"string"},"default":{"type":"string"},
"example":{"type":"string"},"docs_url":{"type":"string"},"group":{"type":"string"},"choices":{"type":"array","items":
{"type":"object","required":["value","label"],"properties":{"value":{"type":"string"},"label":{"type":"string"}}}}}}}}})";

constexpr std::string_view kAccount =
    R"({"type":"object","required":["id","provider","name","cloud_id","cloud_name","balance","settings","state","problem",
"hint","created_ms","checked_ms"],"properties":{"id":{"type":"string"},"provider":{"type":"string"},"name":{"type":"string"},
"cloud_id":{"type":"string"},"cloud_name":{"type":"string"},"balance":{"type":["object","null"],
"required":["amount","currency"],"properties":{"amount":{"type":"number"},"currency":{"type":"string"}}},
"settings":{"type":"object"},"state":{"type":"string","enum":["ok","refused"]},"problem":{"type":"string"},
"hint":{"type":"string"},"created_ms":{"type":["integer","null"]},"checked_ms":{"type":["integer","null"]}}})";

constexpr std::string_view kAccountList = R"({"type":"object","required":["data"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Account"}}}})";

constexpr std::string_view kNewAccount =
    R"({"type":"object","required":["provider"],"properties":{"provider":{"type":"string"},"id":{"type":"string"},
"name":{"type":"string"},"values":{"type":"object","additionalProperties":{"type":["string","number","boolean"]}}},
"additionalProperties":false})";

constexpr std::string_view kToken =
    R"({"type":"object","required":["id","name","scope","origins","created_ms","last_used_ms"],"properties":{
"id":{"type":"string"},"name":{"type":"string"},"scope":{"type":"string","enum":["run"]},
"origins":{"type":"array","items":{"type":"string"}},"created_ms":{"type":"integer"},"last_used_ms":{"type":["integer","null"]}}})";

constexpr std::string_view kCreatedToken =
    R"({"type":"object","required":["id","name","scope","origins","created_ms","last_used_ms","token"],"properties":{
"id":{"type":"string"},"name":{"type":"string"},"scope":{"type":"string","enum":["run"]},
"origins":{"type":"array","items":{"type":"string"}},"created_ms":{"type":"integer"},"last_used_ms":{"type":["integer","null"]},
"token":{"type":"string"}}})";

constexpr std::string_view kTokenList = R"({"type":"object","required":["data"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Token"}}}})";

constexpr std::string_view kNewToken =
    R"({"type":"object","required":["name"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_.-]{1,64}$"},
"origins":{"type":"array","maxItems":16,"items":{"type":"string"}},"replace":{"type":"boolean"}},
"additionalProperties":false})";

constexpr std::string_view kSshKey =
    R"({"type":"object","required":["id","name","public_key","fingerprint","created_ms"],"properties":{
"id":{"type":"string"},"name":{"type":"string"},"public_key":{"type":"string"},"fingerprint":{"type":"string"},
"created_ms":{"type":"integer"}}})";

constexpr std::string_view kCreatedSshKey =
    R"({"type":"object","required":["id","name","public_key","fingerprint","created_ms"],"properties":{
"id":{"type":"string"},"name":{"type":"string"},"public_key":{"type":"string"},"fingerprint":{"type":"string"},
"created_ms":{"type":"integer"},
"private_key":{"type":"string"}}})";

constexpr std::string_view kSshKeyList = R"({"type":"object","required":["data"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/SshKey"}}}})";

constexpr std::string_view kNewSshKey =
    R"({"type":"object","required":["name"],"properties":{"name":{"type":"string","pattern":"^[A-Za-z0-9_.-]{1,64}$"},
"public_key":{"type":"string"}},"additionalProperties":false})";

constexpr std::string_view kAccountChange =
    R"({"type":"object","properties":{"name":{"type":"string"},
"values":{"type":"object","additionalProperties":{"type":["string","number","boolean"]}}},"additionalProperties":false})";

constexpr std::string_view kOffer =
    R"({"type":"object","required":["id","account","provider","machine","region","zone","availability","gpu","vcpus",
"memory_gb","disk_gb","arch","price","leak_risk","age_s"],"properties":{"id":{"type":"string"},"account":{"type":"string"},
"provider":{"type":"string"},"machine":{"type":"string"},"region":{"type":"string"},"zone":{"type":"string"},
"availability":{"type":"string","enum":["high","low","none","unknown"]},"gpu":{"type":"object",
"required":["model","count","memory_gb"],"properties":{"model":{"type":"string"},"count":{"type":"integer"},
"memory_gb":{"type":"number"}}},"vcpus":{"type":"integer"},"memory_gb":{"type":"number"},"disk_gb":{"type":"number"},
"arch":{"type":"string"},"price":{"type":"object","required":["per_hour","currency","granularity_s","minimum_s","spot",
"estimate","excludes_tax"],"properties":{"per_hour":{"type":"number"},"currency":{"type":"string"},
"granularity_s":{"type":"integer"},"minimum_s":{"type":"integer"},"spot":{"type":"boolean"},
"estimate":{"type":"boolean","description":"not the price that the cloud itself names now"},
"excludes_tax":{"type":"boolean"}}},
"leak_risk":{"type":"string","enum":["none","low","medium","high"],"description":"what it may cost when nobody is left to delete it"},
"age_s":{"type":"integer"}}})";

constexpr std::string_view kFailure =
    R"({"type":"object","required":["account","provider","code","detail","hint","field"],"properties":{
"account":{"type":"string"},"provider":{"type":"string"},"code":{"type":"string"},"detail":{"type":"string"},
"hint":{"type":"string"},"field":{"type":"string"}}})";

constexpr std::string_view kTooSmall =
    R"({"type":"object","required":["offer","why"],"properties":{"offer":{"$ref":"#/components/schemas/Offer"},
"why":{"type":"string","description":"what its GPUs lack for the training"}}})";

constexpr std::string_view kOfferList =
    R"({"type":"object","required":["data","asked","too_small","failures"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Offer"}},"asked":{"type":"array","items":{"type":"string"}},
"too_small":{"type":"array","items":{"$ref":"#/components/schemas/TooSmall"}},
"failures":{"type":"array","items":{"$ref":"#/components/schemas/Failure"}}}})";

constexpr std::string_view kRange = R"({"type":"object","required":["low","likely","high"],"properties":{
"low":{"type":"number"},"likely":{"type":["number","null"]},"high":{"type":"number"}}})";

constexpr std::string_view kEstimate =
    R"({"type":"object","required":["offer","offers","per_hour","hours","total","currency","cap","billing","rests_on","training","too_small","failures"],
"properties":{"offer":{"$ref":"#/components/schemas/Offer"},"offers":{"type":"integer"},"per_hour":{"$ref":"#/components/schemas/Range"},
"hours":{"$ref":"#/components/schemas/Range"},"total":{"$ref":"#/components/schemas/Range"},"currency":{"type":"string"},
"cap":{"type":"number"},"billing":{"type":"object","required":["granularity_s","minimum_s"],"properties":{
"granularity_s":{"type":"integer"},"minimum_s":{"type":"integer"}}},"rests_on":{"type":"array","items":{"type":"string"}},
"training":{"oneOf":[{"$ref":"#/components/schemas/Training"},{"type":"null"}]},
"too_small":{"type":"array","items":{"$ref":"#/components/schemas/TooSmall"}},
"failures":{"type":"array","items":{"$ref":"#/components/schemas/Failure"}}}})";

constexpr std::string_view kTraining =
    R"({"type":"object","required":["template","examples","tokens","steps","trained_tokens","gpu_memory_gb"],"properties":{
"template":{"type":"string"},"examples":{"type":["integer","null"]},
"tokens":{"type":["integer","null"],"description":"of the data set, about"},"steps":{"type":["integer","null"]},
"trained_tokens":{"type":["integer","null"],"description":"of all steps, about"},
"gpu_memory_gb":{"type":"number","description":"that each GPU must have; 0: needs no GPU"}}})";

constexpr std::string_view kTemplate =
    R"({"type":"object","required":["id","title","summary","task","ran_on","needs_gpu","can_serve","log_parser","checkpoints",
"packages","outputs","data","parameters"],"properties":{"id":{"type":"string"},"title":{"type":"string"},
"summary":{"type":"string"},"task":{"type":"string","enum":["chat","preference"]},
"ran_on":{"type":"string","description":"where its script has run as it is here: cpu, or nothing"},
"needs_gpu":{"type":"boolean"},"can_serve":{"type":"boolean"},"log_parser":{"type":"string"},"checkpoints":{"type":"string"},
"packages":{"type":"array","items":{"type":"string"}},"outputs":{"type":"array","items":{"type":"string"}},
"data":{"type":"array","items":{"type":"object","required":["to","required","help"],"properties":{"to":{"type":"string"},
"required":{"type":"boolean"},"help":{"type":"string"}}}},"parameters":{"type":"array","items":{"type":"object",
"required":["name","type","default","exceptions","min","max","choices","help","argument"],"properties":{
"name":{"type":"string"},"type":{"type":"string","enum":["boolean","integer","number","text"]},
"default":{"type":["boolean","number","string"]},"exceptions":{"type":"array","description":
"defaults where another parameter has a certain value","items":{"type":"object","required":["parameter","value","default"],
"properties":{"parameter":{"type":"string"},"value":{"type":"string"},"default":{"type":["boolean","number","string"]}}}},
"min":{"type":["number","null"]},"max":{"type":["number","null"]},"choices":{"type":"array","items":{"type":"string"}},
"help":{"type":"string"},"argument":{"type":"string"}}}}}})";

constexpr std::string_view kTemplateList = R"({"type":"object","required":["data"],"properties":{
"data":{"type":"array","items":{"$ref":"#/components/schemas/Template"}}}})";

constexpr std::string_view kAttempt =
    R"({"type":"object","required":["attempt","instance_id","account","provider","machine","region","per_hour","currency",
"state","reason"],"properties":{"attempt":{"type":"integer"},"reused":{"type":"boolean"},"instance_id":{"type":"string"},"account":{"type":"string"},
"provider":{"type":"string"},"machine":{"type":"string"},"region":{"type":"string"},"per_hour":{"type":"number"},
"currency":{"type":"string"},"state":{"type":"string"},"reason":{"type":"string"}}})";

constexpr std::string_view kOpenApi = R"({"type":"object","required":["openapi","info","paths","components"]})";

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>& schemas() {
  static const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"Health", kHealth},
      {"Problem", kProblem},
      {"OpenaiError", kOpenaiError},
      {"Plugin", kPlugin},
      {"PluginList", kPluginList},
      {"File", kFile},
      {"FileList", kFileList},
      {"Cost", kCost},
      {"Job", kJob},
      {"JobSpec", kJobSpec},
      {"JobList", kJobList},
      {"MetricList", kMetricList},
      {"ArtifactList", kArtifactList},
      {"Instance", kInstance},
      {"InstanceList", kInstanceList},
      {"Access", kAccess},
      {"Keep", kKeep},
      {"Setup", kSetup},
      {"Account", kAccount},
      {"AccountList", kAccountList},
      {"NewAccount", kNewAccount},
      {"AccountChange", kAccountChange},
      {"Token", kToken},
      {"CreatedToken", kCreatedToken},
      {"TokenList", kTokenList},
      {"NewToken", kNewToken},
      {"SshKey", kSshKey},
      {"CreatedSshKey", kCreatedSshKey},
      {"SshKeyList", kSshKeyList},
      {"NewSshKey", kNewSshKey},
      {"Offer", kOffer},
      {"Failure", kFailure},
      {"TooSmall", kTooSmall},
      {"OfferList", kOfferList},
      {"Range", kRange},
      {"Estimate", kEstimate},
      {"Training", kTraining},
      {"Template", kTemplate},
      {"TemplateList", kTemplateList},
      {"Attempt", kAttempt},
      {"OpenApi", kOpenApi},
  };
  return table;
}

}  // namespace stoker::api
