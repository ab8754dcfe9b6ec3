// A real cloud written down: what it answers to the questions that change nothing becomes the beginning of a
// cloud.yaml.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sdk/check/test.h"

namespace stoker::check {

struct RecordOptions {
  std::map<std::string, std::string> secrets;    // by the key of their set-up field
  std::map<std::string, std::string> endpoints;  // host -> URL that gets its traffic; for a stand-in on this machine
};

// Makes the subject's provider with the `config:` of its cloud.yaml, where there is one, calls validate, list_offers
// and find, and writes routes, bodies and errors as they came to `file`, secrets replaced by their names. Throws
// Failed, and Error{invalid} where a secret is missing.
void record_cloud(const Subject& subject, const RecordOptions& options, const std::filesystem::path& file);

}  // namespace stoker::check
