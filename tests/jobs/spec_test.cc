#include "core/jobs/spec.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace stoker::jobs {
namespace {

const SpecRules kRules{true, {"local", "ssh"}, {"transformers"}};

JobSpec parse(const std::string& json) { return parse_spec(json, kRules); }

// "message | hint | field" of the refusal.
std::string refusal(const std::string& json, const SpecRules& rules = kRules) {
  try {
    (void)parse_spec(json, rules);
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint + " | " + error.field;
  }
  return "accepted";
}

TEST(JobSpec, ReadsEveryKey) {
  const JobSpec spec = parse(R"({"name":"tiny","provider":["ssh","local"],
    "resources":{"gpu":"H100:2","max_price_per_hour":4.5,"region":"any","spot":true,"disk_gb":200},
    "inputs":[{"from":"/data/set/"},{"from":"file:file-abc","to":"a/b.txt"}],"env":{"EPOCHS":3,"LR":0.1,"FAST":true,"NAME":"x"},
    "secrets":{"HF_TOKEN":"hf_x"},"setup":"pip install x","run":"python train.py","log_parser":"transformers","outputs":["out/"],
    "checkpoints":{"path":"out/checkpoint-*","every_minutes":5,"keep":7},"serve":{"command":"python s.py","port":8000},"limits":{"max_cost":20,"max_hours":6},
    "after":{"keep_idle_minutes":30}})");
  EXPECT_EQ(spec.providers, (std::vector<std::string>{"ssh", "local"}));
  EXPECT_EQ(spec.resources.gpu, "H100");
  EXPECT_EQ(spec.resources.gpu_count, 2);
  EXPECT_EQ(spec.resources.region, "");
  EXPECT_EQ(spec.inputs[0].to, "set");
  EXPECT_EQ(spec.env, (std::vector<std::pair<std::string, std::string>>{
                          {"EPOCHS", "3"}, {"LR", "0.1"}, {"FAST", "true"}, {"NAME", "x"}}));
  EXPECT_EQ(spec.secrets[0].second, "hf_x");
  EXPECT_EQ(spec.checkpoints.every_minutes, 5);
  EXPECT_EQ(spec.checkpoints.keep, 7);
  EXPECT_EQ(spec.serve.command, "python s.py");
  EXPECT_EQ(spec.serve.port, 8000);
  const JobSpec again = stored_spec(to_json(spec));
  EXPECT_EQ(again.checkpoints.keep, 7);
  EXPECT_EQ(again.serve.command, "python s.py");
  EXPECT_EQ(again.serve.port, 8000);
  EXPECT_EQ(spec.after, After::keep);
  EXPECT_EQ(spec.keep_idle_minutes, 30);
}

TEST(JobSpec, StoredFormHasNoSecretsAndReadsBack) {
  const JobSpec spec = parse(
      R"({"name":"t","run":"x","secrets":{"HF_TOKEN":"hf_value"},"outputs":["out/"],"limits":{"max_hours":1.5}})");
  const std::string stored = to_json(spec);
  EXPECT_EQ(stored.find("hf_value"), std::string::npos);
  const JobSpec again = stored_spec(stored);
  EXPECT_EQ(again.secrets.at(0).first, "HF_TOKEN");
  EXPECT_EQ(again.max_hours, 1.5);
  EXPECT_EQ(to_json(again), stored);
}

TEST(JobSpec, DefaultsAreSafe) {
  const JobSpec spec = parse(R"({"run":"x"})");
  EXPECT_EQ(spec.after, After::destroy);
  EXPECT_EQ(spec.log_parser, "auto");
  EXPECT_TRUE(spec.providers.empty());
}

struct Refused {
  const char* json;
  const char* says;
};

class JobSpecRefuses : public testing::TestWithParam<Refused> {};

TEST_P(JobSpecRefuses, WithAWayOut) { EXPECT_EQ(refusal(GetParam().json), GetParam().says); }

INSTANTIATE_TEST_SUITE_P(
    Bad, JobSpecRefuses,
    testing::Values(
        Refused{R"({"rnu":"x"})", "rnu: unknown key | did you mean 'run'? | rnu"},
        Refused{R"({"run":"x","limits":{"max_costs":1}})",
                "limits.max_costs: unknown key | did you mean 'max_cost'? | limits.max_costs"},
        Refused{R"({"run":"x","run":"y"})", "run: given twice |  | run"},
        Refused{R"({"name":"a"})",
                "run: is missing | give the command that trains, for example: run: python train.py | run"},
        Refused{R"({"run":"  \n"})",
                "run: is missing | give the command that trains, for example: run: python train.py | run"},
        Refused{R"({"run":7})", "run: must be text, not a number |  | run"},
        Refused{R"({"run":"x","inputs":{}})", "inputs: must be a list of {from, to}, not a map |  | inputs"},
        Refused{R"({"run":"x","limits":{"max_cost":-1}})",
                "limits.max_cost: must not be negative |  | limits.max_cost"},
        Refused{R"({"run":"x","limits":{"max_cost":0}})",
                "limits.max_cost: must be more than 0 | leave the key out for no cap | limits.max_cost"},
        Refused{R"({"run":"x","limits":{"max_hours":"NaN"}})",
                "limits.max_hours: must be a number, not text |  | limits.max_hours"},
        Refused{R"({"run":"x","provider":"lokal"})",
                "provider: no provider 'lokal' is enabled here | did you mean 'local'? | provider"},
        Refused{R"({"run":"x","provider":"aws"})",
                "provider: no provider 'aws' is enabled here | stoker plugins list shows what there is; stoker plugins "
                "enable aws adds it | provider"},
        Refused{R"({"run":"x","log_parser":"transformer"})",
                "log_parser: no log parser 'transformer' is enabled here | did you mean 'transformers'? | log_parser"},
        Refused{R"({"run":"x","inputs":[{"from":"data","to":"d"}]})",
                "inputs[0].from: must be an absolute path or file:<id> | `stoker run` resolves relative paths by "
                "itself | inputs[0].from"},
        Refused{R"({"run":"x","inputs":[{"from":"/d","to":"../d"}]})",
                "inputs[0].to: must not leave the working directory with '..' |  | inputs[0].to"},
        Refused{R"({"run":"x","outputs":["/etc"]})",
                "outputs[0]: must be relative to the working directory |  | outputs[0]"},
        Refused{R"({"run":"x","env":{"A B":"1"}})",
                "env.A B: is not a name for an environment variable | use letters, digits and _ | env.A B"},
        Refused{R"({"run":"x","env":{"STOKER_X":"1"}})",
                "env.STOKER_X: names beginning with STOKER_ are the agent's own |  | env.STOKER_X"},
        Refused{R"({"run":"x","secrets":{"T":""}})",
                "secrets.T: is empty | a secret needs a value; leave the key out otherwise | secrets.T"},
        Refused{R"({"run":"x","resources":{"gpu":"H100:0"}})",
                "resources.gpu: must be MODEL or MODEL:COUNT with a count from 1 to 64 | for example H100:1 | "
                "resources.gpu"},
        Refused{R"({"run":"x","after":"later"})",
                "after: must be destroy, keep or {keep_idle_minutes: N}, not 'later' |  | after"},
        Refused{R"({"run":"x","template":"sft"})",
                "run: the template gives it | leave out either template or run | run"},
        Refused{R"({"template":"sft"})",
                "template: this agent has no templates | install Stoker whole: they lie beside it | template"},
        Refused{R"({"run":"x","params":{}})",
                "params: are those of a template, and none is named | give template too | params"},
        Refused{R"({"run":"x","rendered":{}})", "rendered: unknown key |  | rendered"},
        Refused{R"({"run":"x","inputs":[{"from":"/d","to":"./"}]})",
                "inputs[0].to: must name a file or folder below the working directory |  | inputs[0].to"},
        Refused{R"({"run":"x","after":{"keep_idle_minutes":9000000000000000000}})",
                "after.keep_idle_minutes: must be at most 525600 |  | after.keep_idle_minutes"},
        Refused{R"({"run":"x","limits":{"max_cost":1e300}})",
                "limits.max_cost: must be at most 1000000 |  | limits.max_cost"},
        Refused{R"({"run":"x","limits":{"max_hours":1e300}})",
                "limits.max_hours: must be at most 87600 |  | limits.max_hours"},
        Refused{R"({"run":"x","resources":{"disk_gb":9000000000000000000}})",
                "resources.disk_gb: must be at most 1000000 |  | resources.disk_gb"},
        Refused{R"({"run":"x","resources":{"max_price_per_hour":1e300}})",
                "resources.max_price_per_hour: must be at most 1000000 |  | resources.max_price_per_hour"},
        Refused{R"({"run":"x","serve":{"port":8000}})",
                "serve.command: is missing | give the command that serves the model | serve.command"},
        Refused{R"({"run":"x","serve":{"command":"c","port":65536}})",
                "serve.port: must be at most 65535 | leave it out for a free one | serve.port"},
        Refused{R"({"run":"x","checkpoints":{"path":"c","every_minutes":1e300}})",
                "checkpoints.every_minutes: must be at most 525600 |  | checkpoints.every_minutes"},
        Refused{R"([1])", "the job spec must be a map |  | "}));

TEST(JobSpec, RefusesWhatIsNotJson) { EXPECT_EQ(refusal("{run: x").substr(0, 25), "the job spec is not JSON:"); }

TEST(JobSpec, RefusesNumbersJsonHasNot) {
  EXPECT_EQ(refusal(R"({"run":"x","limits":{"max_cost":1e999}})").substr(0, 25), "the job spec is not JSON:");
}

TEST(JobSpec, RefusesHugeAndDeepInput) {
  EXPECT_EQ(refusal("{\"run\":\"" + std::string(2 << 20, 'x') + "\"}"),
            "the job spec is larger than 1 MiB | put data into inputs | ");
  EXPECT_EQ(refusal(R"({"run":)" + std::string(100'000, '[')).substr(0, 25), "the job spec is not JSON:");
}

TEST(JobSpec, ARunTokenMayNotNameLocalPaths) {
  EXPECT_EQ(refusal(R"({"run":"x","inputs":[{"from":"/etc/passwd"}]})", {false, {"local"}, {}}),
            "inputs[0].from: this token may not name paths of this machine | upload it with POST /v1/files and use "
            "file:<id> | inputs[0].from");
}

TEST(JobSpec, ARunTokenMayNotKeepAMachineForEver) {
  const SpecRules run{false, {"local"}, {}};
  EXPECT_EQ(refusal(R"({"run":"x","after":"keep"})", run),
            "after: this token may not keep a machine without an end | use {keep_idle_minutes: N} | after");
  EXPECT_EQ(refusal(R"({"run":"x","after":{"keep_idle_minutes":30}})", run), "accepted");
  EXPECT_EQ(refusal(R"({"run":"x","after":"keep"})"), "accepted");
}

TEST(JobSpec, RefusesTextsThatNoProcessCanBeGiven) {
  const std::string long_text(128 * 1024, 'x');
  EXPECT_EQ(refusal("{\"run\":\"" + long_text + "\"}"),
            "run: is longer than 128 KiB | put it into a file and name that in inputs | run");
  EXPECT_EQ(refusal(R"({"run":"x","env":{"A":")" + long_text + "\"}}"),
            "env.A: is longer than 128 KiB | put it into a file and name that in inputs | env.A");
}

TEST(JobSpec, SpellsTheTargetOfAnInputInOneWay) {
  const JobSpec spec = parse(R"({"run":"x","inputs":[{"from":"/d","to":"./a//b/./c/"}]})");
  EXPECT_EQ(spec.inputs.at(0).to, "a/b/c");
}

}  // namespace
}  // namespace stoker::jobs
