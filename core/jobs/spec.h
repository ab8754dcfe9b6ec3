// What a user asks for: one schema for YAML files and the API. Unknown keys are refused with the nearest known one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/templates/catalogue.h"
#include "core/templates/rendering.h"

namespace stoker::jobs {

struct Resources {
  std::string gpu;  // model, canonical spelling; empty: none asked for
  int64_t gpu_count = 0;
  double max_price_per_hour = 0;  // 0: any
  std::string region;             // empty: any
  std::string machine;            // a machine type by its provider's name; empty: any
  std::string image;              // of the provider, empty: its own choice for the machine
  bool spot = false;
  int64_t disk_gb = 0;
};

struct Input {
  std::string from;  // "file:<id>" or an absolute path
  std::string to;    // relative to the working directory
};

struct Checkpoints {
  std::string path;  // glob relative to the working directory; empty: not fetched while training goes on
  double every_minutes = 10;
  int64_t keep = 3;  // how many of the newest are held at home; 0: all
};

// What answers questions to the trained model, on the machine once it is kept.
struct Serve {
  std::string command;  // run in the job's working directory; listens on 127.0.0.1:$STOKER_PORT
  int64_t port = 0;     // 0: one that is free
};

enum class After { destroy, keep };

// The training template that gave the job its commands.
struct FromTemplate {
  std::string id, params;  // params: all of them, as JSON
  std::vector<templates::StagedFile> files;
  uint64_t gpu_memory = 0;  // bytes that each GPU must have; 0: needs no GPU
};

struct JobSpec {
  std::string name;
  std::vector<std::string> providers;  // empty: any
  Resources resources;
  std::vector<Input> inputs;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::pair<std::string, std::string>> secrets;  // values only between submission and the vault
  std::optional<FromTemplate> from_template;  // setup, run and what else it gave stand where a user's would
  std::string setup, run;
  std::string log_parser = "auto";
  std::vector<std::string> outputs;
  Checkpoints checkpoints;
  Serve serve;
  double max_cost = 0;   // in the currency of the offer; 0: no cap
  double max_hours = 0;  // 0: no cap for what is free, fleet::kDefaultMaxHours for what is billed
  After after = After::destroy;
  std::optional<int64_t> keep_idle_minutes;  // with After::keep
};

struct SpecRules {
  bool local_paths = false;                         // the admin scope may name paths of this machine
  std::vector<std::string> providers, log_parsers;  // what this agent has
  const templates::Catalogue* templates = nullptr;  // null: none
};

// Throws Error{invalid} whose field is the dotted path of the key ("limits.max_cost", "inputs[0].from").
[[nodiscard]] JobSpec parse_spec(std::string_view json, const SpecRules& rules);

// The same schema without secret values; stored_spec() reads it back without checking it against the world again.
[[nodiscard]] std::string to_json(const JobSpec& spec);
[[nodiscard]] JobSpec stored_spec(std::string_view json);

}  // namespace stoker::jobs
