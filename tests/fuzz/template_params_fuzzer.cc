// link: stoker_templates
#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "core/templates/dataset.h"
#include "core/templates/model_size.h"
#include "core/templates/rendering.h"

namespace {

using namespace stoker::templates;

Template some_template() {
  Template one;
  one.id = "fuzzed";
  one.run = "true";
  one.gpu_memory = MemoryFormula{1e9, 4, 1e6, 1, {{"lora", {2, 16}}}};
  one.parameters = {{"model", "", "--model", Type::text, std::string("gpt2"), {}, {}, {}, {}},
                    {"method", "", "--method", Type::text, std::string("lora"), {}, {}, {"lora", "full"}, {}},
                    {"epochs", "", "--epochs", Type::integer, int64_t{1}, 1, 50, {}, {}},
                    {"rate", "", "--rate", Type::number, 0.1, 0, 1, {}, {{"method", "full", 0.5}}},
                    {"flag", "", "--flag", Type::boolean, false, {}, {}, {}, {}}};
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Template kTemplate = some_template();
  (void)count_tokens(text);
  (void)nearest_model(text);
  try {
    const Params params(kTemplate, text);
    (void)render(kTemplate, Params(kTemplate, params.json()));
    (void)steps_of(params, 1000);
  } catch (const stoker::Error&) {
  }
  return 0;
}
