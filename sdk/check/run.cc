#include "sdk/check/run.h"

#include <Poco/Exception.h>
#include <Poco/RegularExpression.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>

#include "core/error.h"
#include "core/plugin_host/foreign_value.h"
#include "core/private_file.h"
#include "core/utf8.h"
#include "sdk/check/isolated.h"
#include "sdk/check/loaded_plugin.h"
#include "sdk/check/log_parser_group.h"
#include "sdk/check/log_reading.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::check {
namespace {

constexpr int64_t kAskLimit = 45'000;
constexpr Verdict kVerdicts[] = {Verdict::success, Verdict::failed, Verdict::crashed, Verdict::skipped,
                                 Verdict::warning};

// The verdict as a digit in front, so that it survives the way out of a child.
std::string tell(Verdict verdict, const std::string& detail) {
  return static_cast<char>('0' + static_cast<int>(verdict)) + detail;
}

std::string outcome(const Test& test, const Subject& subject) {
  try {
    test.run(subject);
    return tell(Verdict::success, "");
  } catch (const Skipped& skipped) {
    return tell(Verdict::skipped, skipped.what());
  } catch (const Warned& warned) {
    return tell(Verdict::warning, warned.what());
  } catch (const std::exception& failed) {
    return tell(Verdict::failed, failed.what());
  }
}

Result understood(const std::string& told) {
  Result result;
  result.verdict = static_cast<Verdict>(told.at(0) - '0');
  result.detail = told.substr(1);
  return result;
}

// "<kind> <id>" a line.
std::string ask_what_is_offered(const std::filesystem::path& file) {
  LoadedPlugin plugin(file, {});
  std::string lines = "plugin " + plugin_host::copy_c_text(plugin.table().id, "id") + "\n";
  for (const auto& id : plugin.provider_ids()) lines += "provider " + id + "\n";
  for (const auto& id : plugin.log_parser_ids()) lines += "parser " + id + "\n";
  return lines;
}

std::vector<Test> chosen(const RunOptions& options) {
  std::vector<Test> tests = all_tests();
  const auto keep_if = [&](const std::string& text, bool wanted) {
    if (text.empty()) return;
    try {
      const Poco::RegularExpression pattern(text);
      Poco::RegularExpression::Match at;
      std::erase_if(tests, [&](const Test& test) { return (pattern.match(test.name, at) > 0) != wanted; });
    } catch (const Poco::Exception& error) {
      throw Error(Fault::invalid, "`" + text + "` is not a regular expression: " + error.message(),
                  "give one over the names that `stoker-plugin-check list` shows");
    }
  };
  keep_if(options.include, true);
  keep_if(options.exclude, false);
  if (tests.empty())
    throw Error(Fault::invalid, "no test is left to run", "see the names with `stoker-plugin-check list`");
  return tests;
}

void print(const RunOptions& options, const Result& result, std::ostream& out) {
  if (options.json) {
    JsonWriter line;
    line.begin_object().member("test", result.test).member("subject", to_utf8(result.subject));
    line.member("verdict", to_string(result.verdict)).member("detail", to_utf8(result.detail)).member("ms", result.ms);
    out << line.end_object().str() << std::endl;
    return;
  }
  if (options.only_failed && result.verdict != Verdict::failed && result.verdict != Verdict::crashed) return;
  out << (result.verdict == Verdict::success ? "ok" : to_string(result.verdict)) << "  " << result.test << "  "
      << result.subject << "\n";
  std::istringstream detail(result.detail);
  for (std::string line; std::getline(detail, line);) out << "      " << to_utf8(line) << "\n";
  out.flush();
}

}  // namespace

Offered offered_by(const std::filesystem::path& file) {
  const Isolated asked = run_isolated(
      [&] {
        try {
          return ask_what_is_offered(file);
        } catch (const std::exception& error) {
          return "! " + std::string(error.what());
        }
      },
      kAskLimit);
  Offered offered;
  offered.plugin = file.stem();
  if (asked.end != Isolated::End::returned) return offered;
  std::istringstream lines(asked.text);
  for (std::string kind, id; lines >> kind && std::getline(lines >> std::ws, id);) {
    if (kind == "plugin") offered.plugin = id;
    if (kind == "provider") offered.providers.push_back(id);
    if (kind == "parser") offered.log_parsers.push_back(id);
  }
  return offered;
}

Subject subject_of(const std::filesystem::path& plugin, const std::filesystem::path& fixtures) {
  Subject subject;
  subject.plugin = std::filesystem::absolute(plugin);
  if (fixtures.empty()) return subject;
  if (!std::filesystem::is_directory(fixtures))
    throw Error(Fault::invalid, fixtures.string() + " is not a folder",
                "give the folder that holds cloud.yaml or logs/");
  if (std::filesystem::exists(fixtures / "cloud.yaml")) subject.cloud = fixtures / "cloud.yaml";
  if (std::filesystem::is_directory(fixtures / "logs"))
    for (const auto& entry : std::filesystem::directory_iterator(fixtures / "logs"))
      if (entry.path().extension() == ".log") subject.logs.push_back(entry.path());
  std::sort(subject.logs.begin(), subject.logs.end());
  return subject;
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::success:
      return "success";
    case Verdict::failed:
      return "failed";
    case Verdict::crashed:
      return "crashed";
    case Verdict::skipped:
      return "skipped";
    case Verdict::warning:
      break;
  }
  return "warning";
}

std::vector<Test> all_tests() {
  std::vector<Test> all;
  for (const auto& group :
       {library_tests(), call_tests(), process_tests(), secret_tests(), provider_tests(), log_parser_tests()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

std::vector<std::filesystem::path> record(const std::filesystem::path& file, const std::filesystem::path& fixtures,
                                          const RecordOptions& options) {
  Subject subject = subject_of(file, fixtures);
  const Offered offered = offered_by(subject.plugin);
  if (offered.providers.size() + offered.log_parsers.size() != 1)
    throw Error(Fault::invalid, file.string() + " does not offer exactly one provider or log parser",
                "what is recorded is that of one");
  if (!offered.providers.empty()) {
    subject.id = offered.providers.front();
    record_cloud(subject, options, fixtures / "cloud.recorded.yaml");
    return {fixtures / "cloud.recorded.yaml"};
  }
  if (subject.logs.empty())
    throw Error(Fault::invalid, fixtures.string() + " has no logs/*.log", "put the logs there that are to be recorded");
  LoadedPlugin plugin(subject.plugin, {});
  std::vector<std::filesystem::path> written;
  for (const auto& log : subject.logs) {
    std::ofstream out(golden_of(log), std::ios::binary);
    out << to_json_lines(read_log(plugin, offered.log_parsers.front(), read_file(log)));
    out.close();
    if (!out) throw Error(Fault::unavailable, "can not write " + golden_of(log).string());
    written.push_back(golden_of(log));
  }
  return written;
}

Result run_test(const Test& test, const Subject& subject, const RunOptions& options) {
  Result result;
  if (options.in_process) {
    result = understood(outcome(test, subject));
  } else {
    const Isolated ran = run_isolated([&] { return outcome(test, subject); }, options.limit_ms);
    if (ran.end == Isolated::End::returned)
      result = understood(ran.text);
    else
      result = {{}, {}, ran.end == Isolated::End::crashed ? Verdict::crashed : Verdict::failed, ran.text, 0};
    result.ms = ran.ms;
  }
  result.test = test.name;
  result.subject = subject.id;
  return result;
}

bool run(const RunOptions& options, std::ostream& out) {
  const std::vector<Test> tests = chosen(options);
  std::map<Verdict, int> counts;
  for (const auto& plugin : options.plugins) {
    if (!std::filesystem::exists(plugin))
      throw Error(Fault::invalid, plugin.string() + " does not exist", "give the path of a plugin's .so");
    Subject subject = subject_of(plugin, options.fixtures);
    const Offered offered = offered_by(subject.plugin);
    for (const Test& test : tests) {
      const auto ids = test.kind == Kind::plugin     ? std::vector{offered.plugin}
                       : test.kind == Kind::provider ? offered.providers
                                                     : offered.log_parsers;
      for (const auto& id : ids) {
        subject.id = id;
        const Result result = run_test(test, subject, options);
        ++counts[result.verdict];
        print(options, result, out);
      }
    }
  }
  if (!options.json) {
    const char* between = "";
    for (const Verdict verdict : kVerdicts) {
      if (counts[verdict] == 0) continue;
      out << between << counts[verdict] << " " << to_string(verdict);
      between = ", ";
    }
    out << std::endl;
  }
  return counts[Verdict::failed] + counts[Verdict::crashed] == 0;
}

}  // namespace stoker::check
