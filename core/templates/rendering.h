// What a template becomes with its parameters: the parts of a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/templates/params.h"

namespace stoker::templates {

// A file that the job is given beside those of its user.
struct StagedFile {
  std::string to;      // relative to the working folder
  std::string source;  // relative to the folder of all templates; empty: `content`
  std::string content;
};

// The commands are the template's own, word for word: what a user gave is in the file template/arguments, an argument a
// line, which the script reads by itself. No shell sees it.
struct Rendering {
  std::string setup, run, serve, image, log_parser, checkpoints;
  double checkpoint_minutes = 10;
  std::vector<std::string> outputs;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<StagedFile> files;
  uint64_t gpu_memory = 0;  // bytes of each GPU; 0: needs none
};

// Throws Error{invalid} with the field "params.model" where the size of the model is not known.
[[nodiscard]] Rendering render(const Template& of, const Params& params);

// Steps of the optimizer for so many examples.
[[nodiscard]] int64_t steps_of(const Params& params, int64_t examples);

}  // namespace stoker::templates
