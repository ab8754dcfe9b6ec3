// link: stoker_templates
// link: simdjson::simdjson
// Training data as a stranger with a token can send it. The same facts, or the same fault, however it comes.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/api/openai/dataset.cc"  // the pieces alone: the library would bring in the whole agent

namespace {

std::string check(std::string_view bytes, size_t piece) {
  using namespace stoker::api::openai;
  try {
    Dataset data;
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      data.add(rest.substr(0, piece));
    const DatasetFacts facts = data.finish();
    if (facts.form == DatasetForm::none || facts.examples < 1 || facts.tokens < 0) std::abort();
    return std::string(to_string(facts.form)) + std::to_string(facts.examples) + " " + std::to_string(facts.tokens);
  } catch (const stoker::Error& error) {
    const std::string text = error.what();
    if (error.fault != stoker::Fault::invalid || error.field != "file" || stoker::to_utf8(text) != text) std::abort();
    return text;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = check(bytes, SIZE_MAX);
  for (const size_t piece : {size_t{1}, size_t{13}})
    if (check(bytes, piece) != whole) std::abort();
  return 0;
}
