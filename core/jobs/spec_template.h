// What `template:` and `params:` of a job spec stand for. The stored spec keeps both and, under `rendered`, what they
// became: a job goes on as it was begun, whatever the templates of a later agent say.
#pragma once

#include "core/jobs/spec.h"
#include "core/spec_reader.h"

namespace stoker::jobs {

constexpr const char* kRendered = "rendered";

// Fills in what the spec does not say itself. `catalogue` may be null. Throws Error{invalid} with the field.
void apply_template(const SpecReader& top, const templates::Catalogue* catalogue, JobSpec& spec);

// "template", "params" and "rendered", within an object.
void write_rendered(JsonWriter& json, const JobSpec& spec);
void read_rendered(const SpecReader& top, JobSpec& spec);

}  // namespace stoker::jobs
