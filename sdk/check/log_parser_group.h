// The tests of log parsers, by file.
#pragma once

#include <string>
#include <vector>

#include "sdk/check/hostile_bytes.h"
#include "sdk/check/test.h"

namespace stoker::check {

// The logs of the fixtures; where there are none, usual_lines().
std::vector<NamedLog> logs_of(const Subject& subject);
// logs_of() and hostile_logs().
std::vector<NamedLog> all_logs(const Subject& subject);

// Where the events of a log are written down: "train.log" -> "train.events.jsonl".
std::filesystem::path golden_of(std::filesystem::path log);

std::vector<Test> log_chunk_tests();  // how the bytes come
std::vector<Test> log_event_tests();  // what is made of them

}  // namespace stoker::check
