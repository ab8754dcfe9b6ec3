#include "core/cli/account_request.h"

#include <rapidjson/writer.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>

#include "core/cli/secret_source.h"
#include "core/nearest.h"

namespace stoker::cli {
namespace {

// Lets the JSON grow in memory that is wiped.
struct SecretStream {
  using Ch = char;
  SecretText& text;
  void Put(char c) { text.add({&c, 1}); }
  void Flush() {}
};

class SecretJson {
 public:
  explicit SecretJson(SecretText& text) : stream_{text}, writer_(stream_) { writer_.StartObject(); }
  void member(std::string_view key, std::string_view value) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void begin(const char* key) {
    writer_.Key(key);
    writer_.StartObject();
  }
  void end() { writer_.EndObject(); }

 private:
  SecretStream stream_;
  rapidjson::Writer<SecretStream> writer_;
};

// The field that is meant, and what is behind the `=`. What stands before it may be a secret, too: "c2VjcmV0==".
std::pair<const SetupField*, std::string_view> split(const std::string& option, std::string_view assignment,
                                                     const AccountSetup& setup) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos)
    throw bad_usage(option + ": no `=` after the name of a field",
                    "write " + option + (option == "--set" ? " KEY=VALUE" : " KEY=env:VAR"));
  const std::string key(assignment.substr(0, equals));
  if (const SetupField* field = setup.find(key)) return {field, assignment.substr(equals + 1)};
  std::vector<std::string> known;
  std::string list;
  for (const auto& field : setup.fields) {
    known.push_back(field.key);
    list += (list.empty() ? "it has " : ", ") + field.key;
  }
  const std::string near = nearest(key, known);
  throw bad_usage(option + ": the set-up of " + setup.provider + " has no such field",
                  near.empty() ? list : "did you mean " + near + "?");
}

}  // namespace

void AccountRequest::put(const std::string& key, SecretText value) {
  if (!simdjson::validate_utf8(value.view().data(), value.view().size()))
    throw bad_usage(key + " is not UTF-8 text", "is it the right file or variable?");
  values[key] = std::move(value);
}

void AccountRequest::take(const Arguments& arguments, const AccountSetup& setup) {
  for (const auto& assignment : arguments.all("--set")) {
    const auto [field, value] = split("--set", assignment, setup);
    if (field->secret) throw literal_secret("--set", field->key);
    put(field->key, SecretText(field->kind == "path" ? absolute_path(std::string(value)) : std::string(value)));
  }
  for (const auto& assignment : arguments.all("--secret")) {
    const auto [field, source] = split("--secret", assignment, setup);
    put(field->key, read_secret(field->key, source));
  }
}

void AccountRequest::require_all(const AccountSetup& setup) const {
  std::string names, options;
  for (const auto& field : setup.fields) {
    if (!field.must_be_given() || values.count(field.key) > 0) continue;
    names += (names.empty() ? "" : ", ") + field.key;
    options += (options.empty() ? "give " : " ") +
               (field.secret ? "--secret " + field.key + "=env:VAR" : "--set " + field.key + "=VALUE");
  }
  if (names.empty()) return;
  throw bad_usage(
      setup.provider + " needs " + names + ", and there is no terminal to ask at",
      options +
          (options.find("--secret") == std::string::npos ? "" : "; also file:PATH, or - for a line of standard input"));
}

SecretText AccountRequest::json() const {
  SecretText text;
  SecretJson out(text);
  if (!provider.empty()) out.member("provider", provider);
  if (!id.empty()) out.member("id", id);
  if (name) out.member("name", *name);
  if (!values.empty()) {
    out.begin("values");
    for (const auto& [key, value] : values) out.member(key, value.view());
    out.end();
  }
  out.end();
  return text;
}

std::string absolute_path(const std::string& typed) {
  const char* home = std::getenv("HOME");
  const bool of_home = typed.starts_with("~/") && home != nullptr;
  const std::filesystem::path path = of_home ? home + typed.substr(1) : typed;
  return path.empty() ? typed : std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace stoker::cli
