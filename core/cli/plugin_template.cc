#include "core/cli/plugin_template.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "core/error.h"
#include "core/private_file.h"
#include "core/utf8.h"

namespace stoker::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestId = 64;
constexpr std::string_view kId = "acme", kClass = "Acme";

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// "com.acme-cloud" -> "ComAcmeCloud"
std::string class_name(const std::string& id) {
  std::string name;
  bool begins = true;
  for (const char c : id) {
    if (is_word(c)) name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = !is_word(c);
  }
  return name;
}

std::string renamed(std::string text, const std::string& id) {
  for (const auto& [from, to] : {std::pair{kId, id}, std::pair{kClass, class_name(id)}})
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  return text;
}

void copy_all(const fs::path& from, const fs::path& to, const std::string& id) {
  fs::create_directory(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path target = to / renamed(entry.path().filename(), id);
    if (entry.is_directory()) {
      copy_all(entry.path(), target, id);
      continue;
    }
    std::ofstream out(target, std::ios::binary);
    out << renamed(read_file(entry.path()), id);
    out.close();
    if (!out) throw Error(Fault::unavailable, "can not write " + target.string(), "is the disk full?");
  }
}

}  // namespace

bool is_plugin_id(const std::string& id) {
  if (id.empty() || id.size() > kLongestId || id.front() < 'a' || id.front() > 'z' || !is_word(id.back())) return false;
  return std::all_of(id.begin(), id.end(), [](char c) { return is_word(c) || c == '.' || c == '-' || c == '_'; }) &&
         id.find("..") == std::string::npos;
}

fs::path copy_plugin_template(const fs::path& templates, const std::string& kind, const std::string& name,
                              const fs::path& where) {
  if (kind != "provider" && kind != "log-parser")
    throw Error(Fault::invalid, "there is no template `" + to_utf8(kind) + "`", "use provider or log-parser");
  if (!is_plugin_id(name))
    throw Error(Fault::invalid, "`" + to_utf8(name) + "` can't be a plugin's id",
                "use lower-case letters, digits, '-' and '.', as in com.acme.cloud");
  if (!fs::is_directory(templates / kind))
    throw Error(Fault::not_found, "the templates are not in " + templates.string(),
                "install Stoker whole: they come with its SDK");
  const fs::path folder = where / name;
  if (fs::exists(fs::symlink_status(folder)))
    throw Error(Fault::conflict, folder.string() + " is there already", "choose another name, or go elsewhere");
  std::string draft = where / ("." + name + "-XXXXXX");
  if (::mkdtemp(draft.data()) == nullptr) throw system_error("can not make a folder in " + where.string(), errno);
  try {
    copy_all(templates / kind, fs::path(draft) / name, name);
    fs::rename(fs::path(draft) / name, folder);
    fs::remove(draft);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(draft, ignored);
    throw;
  }
  return folder;
}

}  // namespace stoker::cli
