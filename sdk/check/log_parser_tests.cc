#include "core/private_file.h"
#include "sdk/check/log_parser_group.h"

namespace stoker::check {

std::vector<NamedLog> logs_of(const Subject& subject) {
  std::vector<NamedLog> logs;
  for (const auto& file : subject.logs) logs.push_back({file.filename(), read_file(file)});
  if (logs.empty()) logs.push_back({"usual lines", std::string(usual_lines())});
  return logs;
}

std::vector<NamedLog> all_logs(const Subject& subject) {
  auto logs = logs_of(subject);
  for (auto& log : hostile_logs()) logs.push_back(std::move(log));
  return logs;
}

std::filesystem::path golden_of(std::filesystem::path log) { return log.replace_extension(".events.jsonl"); }

std::vector<Test> log_parser_tests() {
  std::vector<Test> all = log_chunk_tests();
  for (const Test& test : log_event_tests()) all.push_back(test);
  return all;
}

}  // namespace stoker::check
