// A training template: a folder with manifest.json and scripts, made into a job by its parameters.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/templates/gpu_memory.h"
#include "core/templates/parameter.h"

namespace stoker::templates {

// A file of the user's that the script reads.
struct DataFile {
  std::string to;  // "data/train.jsonl"
  std::string help;
  bool required = true;
};

struct Template {
  std::string id, title, summary;
  std::string task;    // "chat": messages to imitate; "preference": answers to prefer over others
  std::string ran_on;  // where its script has run as it is here: "cpu", or "nothing"
  std::string image;   // of the provider; empty: the provider's own choice, which has a driver where it has a GPU
  std::string setup, run;
  std::string
      serve;  // answers POST /v1/chat/completions on 127.0.0.1:$STOKER_PORT from what `run` left; empty: can not
  std::string log_parser, checkpoints;
  double checkpoint_minutes = 10;
  std::vector<std::string> packages;  // of pip, each with its exact version
  std::vector<std::string> outputs;
  std::vector<std::string> files;  // relative to the folder of all templates
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<DataFile> data;  // what is trained on comes first
  std::vector<Parameter> parameters;
  std::optional<MemoryFormula> gpu_memory;  // nothing: needs no GPU

  [[nodiscard]] const Parameter* find(const std::string& parameter) const;
  [[nodiscard]] std::vector<std::string> parameter_names() const;
};

// Where a template's own files lie in the working folder of a job.
constexpr const char* kTemplateFolder = "template";

// Reads `templates`/`id`/manifest.json and checks that the files it names are there. Throws Error{invalid} naming the
// file and the key.
[[nodiscard]] Template read_template(const std::filesystem::path& templates, const std::string& id);

}  // namespace stoker::templates
