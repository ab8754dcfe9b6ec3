#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "sdk/check/tour.h"

namespace stoker::check {
namespace {

std::vector<std::string> names_in(const char* folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

void tour_and(const Subject& subject, const std::function<void()>& look) {
  {
    Stage stage(subject);
    stage.tour();
    look();
  }
  look();  // deinit() has run
}

void prints_nothing(const Subject& subject) {
  const int memory = ::memfd_create("output", MFD_CLOEXEC), out = ::dup(STDOUT_FILENO), err = ::dup(STDERR_FILENO);
  if (memory < 0 || out < 0 || err < 0) throw system_error("memfd_create", errno);
  ::dup2(memory, STDOUT_FILENO), ::dup2(memory, STDERR_FILENO);
  const auto put_back = [&] {
    ::fflush(nullptr);
    ::dup2(out, STDOUT_FILENO), ::dup2(err, STDERR_FILENO);
  };
  try {
    tour_and(subject, [] {});
  } catch (...) {
    put_back();
    throw;
  }
  put_back();
  std::string printed(200, '\0');
  printed.resize(static_cast<size_t>(std::max<ssize_t>(0, ::pread(memory, printed.data(), printed.size(), 0))));
  if (!printed.empty())
    throw Failed("it printed `" + printed.substr(0, printed.find('\n')) +
                 "`; standard output is the agent's, use host->log");
}

void keeps_the_locale(const Subject& subject) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  tour_and(subject, [&] {
    const std::string after = std::setlocale(LC_ALL, nullptr);
    if (after != before)
      throw Failed("the locale was " + before + " and is " + after +
                   "; it belongs to the whole process, and numbers would be read wrongly");
  });
}

void keeps_the_working_directory(const Subject& subject) {
  const auto before = std::filesystem::current_path();
  const mode_t mask = ::umask(0);
  ::umask(mask);
  tour_and(subject, [&] {
    if (std::filesystem::current_path() != before)
      throw Failed("the working directory was " + before.string() + " and is " +
                   std::filesystem::current_path().string() + "; use absolute paths");
    const mode_t now = ::umask(0);
    ::umask(now);
    if (now != mask) throw Failed("the umask was changed; give files their mode instead");
  });
}

// "3 (/dev/null)"
std::set<std::string> open_descriptors() {
  std::set<std::string> open;
  for (const auto& name : names_in("/proc/self/fd")) {
    std::error_code closed;  // that of the folder itself
    const auto target = std::filesystem::read_symlink("/proc/self/fd/" + name, closed);
    if (!closed) open.insert(name + " (" + target.string() + ")");
  }
  return open;
}

void leaves_no_descriptor_open(const Subject& subject) {
  tour_and(subject, [] {});  // what is made once and kept is no leak
  const auto before = open_descriptors();
  tour_and(subject, [] {});
  std::string added;
  for (const auto& one : open_descriptors())
    if (!before.contains(one)) added += " " + one;
  if (!added.empty()) throw Failed("descriptors are left open:" + added + "; close them before the call returns");
}

void starts_no_process(const Subject& subject) {
  tour_and(subject, [] {
    std::ifstream in("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    std::string child;
    if (in >> child)
      throw Failed("process " + child + " was started; a plugin starts none, what it needs the host does for it");
  });
}

void starts_no_thread(const Subject& subject) {
  const size_t before = names_in("/proc/self/task").size();
  tour_and(subject, [&] {
    const size_t after = names_in("/proc/self/task").size();
    if (after > before)
      throw Failed(std::to_string(after - before) +
                   " threads are running that were not; a plugin starts none in ABI 1");
  });
}

void keeps_signals_and_environment(const Subject& subject) {
  const auto handlers = [] {
    std::vector<void*> all;
    for (int one = 1; one < SIGRTMIN; ++one) {
      struct sigaction now{};
      if (::sigaction(one, nullptr, &now) == 0) all.push_back(reinterpret_cast<void*>(now.sa_handler));
    }
    return all;
  };
  const auto variables = [] {
    std::vector<std::string> all;
    for (char** one = environ; *one != nullptr; ++one) all.emplace_back(*one);
    return all;
  };
  const auto handlers_before = handlers();
  const auto variables_before = variables();
  tour_and(subject, [&] {
    if (handlers() != handlers_before) throw Failed("it changed what a signal does; signals belong to the agent");
    if (variables() != variables_before)
      throw Failed("it changed the environment; what is set there is seen by every other plugin");
  });
}

}  // namespace

std::vector<Test> process_tests() {
  return {
      {"prints-nothing", "Standard output and error belong to the agent, so a plugin speaks through host->log only.",
       Kind::plugin, prints_nothing},
      {"keeps-the-locale", "The locale belongs to the whole process: another one makes 1.5 unreadable for everybody.",
       Kind::plugin, keeps_the_locale},
      {"keeps-the-working-directory",
       "The working directory and the umask belong to the whole process, so a plugin leaves them.", Kind::plugin,
       keeps_the_working_directory},
      {"leaves-no-descriptor-open", "An agent runs for months: a descriptor left open by each call ends it some day.",
       Kind::plugin, leaves_no_descriptor_open},
      {"starts-no-process", "A process that a plugin starts is nobody's to end.", Kind::plugin, starts_no_process},
      {"starts-no-thread", "A thread of a plugin outlives its calls, which no rule of the ABI allows.", Kind::plugin,
       starts_no_thread},
      {"keeps-signals-and-environment",
       "Signal handlers and the environment belong to the whole process, so a plugin leaves them.", Kind::plugin,
       keeps_signals_and_environment},
  };
}

}  // namespace stoker::check
