#include "core/templates/rendering.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/templates/model_size.h"

namespace stoker::templates {
namespace {

std::string in_folder(const std::string& file) {
  return std::string(kTemplateFolder) + "/" + file.substr(file.rfind('/') + 1);
}

std::string arguments_of(const Template& of, const Params& params) {
  std::string lines;
  for (const Parameter& parameter : of.parameters)
    if (!parameter.argument.empty()) lines += parameter.argument + "=" + params.text(parameter.name) + "\n";
  return lines;
}

std::string requirements_of(const Template& of) {
  std::string lines;
  for (const std::string& package : of.packages) lines += package + "\n";
  return lines;
}

double model_parameters(const Params& params) {
  if (const double billions = params.number("model_params_b", 0); billions > 0) return billions * 1e9;
  const std::string model = params.text("model");
  if (const auto known = parameters_of_model(model)) return *known;
  const std::string near = nearest_model(model);
  throw Error(Fault::invalid, "params.model: how many parameters '" + model + "' has is not known",
              (near.empty() ? "" : "did you mean '" + near + "'? else ") +
                  std::string("give params.model_params_b, for example 7 for seven billion"),
              "params.model");
}

}  // namespace

Rendering render(const Template& of, const Params& params) {
  Rendering out;
  out.setup = of.setup;
  out.run = of.run;
  out.serve = of.serve;
  out.image = of.image;
  out.log_parser = of.log_parser;
  out.checkpoints = of.checkpoints;
  out.checkpoint_minutes = of.checkpoint_minutes;
  out.outputs = of.outputs;
  out.env = of.env;
  for (const std::string& file : of.files) out.files.push_back({in_folder(file), file, {}});
  out.files.push_back({in_folder("arguments"), {}, arguments_of(of, params)});
  if (!of.packages.empty()) out.files.push_back({in_folder("requirements.txt"), {}, requirements_of(of)});
  if (of.gpu_memory) {
    const double tokens = params.number("micro_batch_size", 1) * params.number("max_seq_length", 0);
    out.gpu_memory = needed_gpu_memory(
        *of.gpu_memory, {model_parameters(params), params.text("method"), params.number("lora_r", 0), tokens});
  }
  return out;
}

int64_t steps_of(const Params& params, int64_t examples) {
  const double batch = std::max(params.number("batch_size", 1), 1.0);
  const double steps = std::ceil(static_cast<double>(examples) / batch) * params.number("epochs", 1);
  const auto whole = static_cast<int64_t>(std::ceil(std::clamp(steps, 0.0, 1e15)));
  const auto most = static_cast<int64_t>(params.number("max_steps", 0));
  return most > 0 ? std::min(most, whole) : whole;
}

}  // namespace stoker::templates
