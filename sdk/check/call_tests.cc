#include <algorithm>
#include <initializer_list>
#include <thread>

#include "sdk/check/heap.h"
#include "sdk/check/tour.h"

namespace stoker::check {
namespace {

constexpr int64_t kGraceMs = 2000;
constexpr int kRounds = 1000, kWarmUp = 50;
constexpr size_t kLeakBytes = 1 << 20;

bool one_of(stoker_status status, std::initializer_list<stoker_status> known) {
  return std::find(known.begin(), known.end(), status) != known.end();
}

int count_questions(const Subject& subject) {
  Stage stage(subject);
  stage.tour();
  return stage.host().questions();
}

void rules_kept_over_a_tour(const Subject& subject) {
  Stage stage(subject);
  stage.tour();
  require_no_breach(stage.host());
}

void no_retained_pointers(const Subject& subject) {
  Stage stage(subject);
  stage.tour();
  stage.tour();  // what was lent in the first round is unreadable now
  require_no_breach(stage.host());
}

void cancel_at_each_host_call(const Subject& subject) {
  const int questions = count_questions(subject);
  if (questions == 0) throw Skipped("the plugin asks the host nothing");
  for (int n = 1; n <= questions; ++n) {
    Stage stage(subject, {.cancel_at = n});
    stage.tour([&](const Stop& stop) {
      if (stop.last < n || stop.first > n) return;
      const std::string where = stop.call + ", cancelled at question " + std::to_string(n) + " to the host, ";
      if (stop.end.told_to_stop_ms_ago > kGraceMs)
        throw Failed(where + "went on for " + std::to_string(stop.end.told_to_stop_ms_ago) +
                     " ms; a call returns within 2 s of its cancel");
      if (stop.last > n + 1)
        throw Failed(where + "asked the host " + std::to_string(stop.last - n) +
                     " times more; stop as soon as a question answers STOKER_E_CANCELLED");
      if (!one_of(stop.end.status, {STOKER_OK, STOKER_E_CANCELLED, STOKER_E_UNKNOWN_OUTCOME}))
        throw Failed(where + "ended with " + stop.end.words() + " where STOKER_E_CANCELLED was due");
    });
    require_no_breach(stage.host());
  }
}

void host_error_at_each_host_call(const Subject& subject) {
  const int questions = count_questions(subject);
  if (questions == 0) throw Skipped("the plugin asks the host nothing");
  for (const stoker_status injected : {STOKER_E_UNAVAILABLE, STOKER_E_UNKNOWN_OUTCOME, STOKER_E_DEADLINE}) {
    for (int n = 1; n <= questions; ++n) {
      Stage stage(subject, {.fault = {.at = n, .status = injected}});
      stage.tour([&](const Stop& stop) {
        if (stop.last < n || stop.first > n) return;
        const std::string where = "question " + std::to_string(n) + " to the host, in " + stop.call + ", answered " +
                                  status_name(injected) + ", and the call ended with ";
        const bool reads = stop.call != "create" && stop.call != "remove" && stop.call != "removing a resource";
        if (stop.end.ok() && reads && stop.call != "validate")
          throw Failed(where + "STOKER_OK and " + std::to_string(stop.items) +
                       " items; a list that could not be read to its end is an error, never a short answer");
        if (stop.end.ok() && stop.call == "remove" && stop.first == stop.last)
          throw Failed(where + "STOKER_OK; what was not removed goes on costing money");
        if (one_of(stop.end.status, {STOKER_E_INTERNAL, STOKER_E_NOT_FOUND, STOKER_E_AUTH, STOKER_E_CANCELLED}))
          throw Failed(where + stop.end.words() + "; pass the host's own status on");
      });
      require_no_breach(stage.host());
    }
  }
}

void deadline_is_kept(const Subject& subject) {
  const int questions = count_questions(subject);
  if (questions == 0) throw Skipped("the plugin asks the host nothing");
  Stage stage(subject, {.fault = {.at = 1, .status = STOKER_E_DEADLINE}});
  stage.tour([&](const Stop& stop) {
    if (stop.first == 1 && stop.last >= 1 && stop.end.status != STOKER_E_DEADLINE)
      throw Failed(stop.call + " ran into its deadline and ended with " + stop.end.words() +
                   " where STOKER_E_DEADLINE was due");
  });
  require_no_breach(stage.host());
}

void any_thread_will_do(const Subject& subject) {
  Stage stage(subject);
  std::exception_ptr thrown;
  stage.tour();
  std::thread([&] {
    try {
      stage.tour();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
  require_no_breach(stage.host());
}

void newer_host_is_no_matter(const Subject& subject) {
  Stage stage(subject, {.abi_minor = STOKER_ABI_NEWEST_MINOR + 1});
  stage.tour();
  require_no_breach(stage.host());
}

void make_and_destroy(const Subject& subject) {
  Stage stage(subject);
  const auto round = [&] {
    for (const auto& id : stage.plugin().provider_ids()) (void)stage.make(id);
    for (const auto& id : stage.plugin().log_parser_ids()) {
      StreamUnderTest stream(stage.plugin(), id);
      stream.push("step=1 loss=2.5\nan unfinished line");
    }
  };
  for (int i = 0; i < kWarmUp; ++i) round();
  const size_t before = heap_in_use();
  for (int i = 0; i < kRounds; ++i) round();
  const size_t after = heap_in_use();
  require_no_breach(stage.host());
  if (after > before + kLeakBytes)
    throw Failed("after " + std::to_string(kRounds) + " objects made and destroyed " +
                 std::to_string((after - before) / kRounds) + " bytes of each are left; free them in destroy");
}

}  // namespace

std::vector<Test> call_tests() {
  return {
      {"rules-kept-over-a-tour",
       "Each call is made once, as in a job: nothing the plugin says or sends may break a rule of the headers, since "
       "the agent would refuse it in the middle of a job.",
       Kind::plugin, rules_kept_over_a_tour},
      {"no-retained-pointers",
       "What the host lends lives for one call: memory of an earlier call is unreadable in the next, so a pointer kept "
       "and used crashes.",
       Kind::plugin, no_retained_pointers},
      {"cancel-at-each-host-call",
       "A call cancelled at its first, second, ... question to the host returns within 2 s and says so, since a user "
       "who cancels must not wait.",
       Kind::plugin, cancel_at_each_host_call},
      {"host-error-at-each-host-call",
       "When the first, second, ... question to the host fails, the call fails with that status and no list is cut "
       "short, since a machine that is not listed is a machine that is lost.",
       Kind::plugin, host_error_at_each_host_call},
      {"deadline-is-kept",
       "A call whose deadline passes ends with STOKER_E_DEADLINE, so that the agent knows it was not refused.",
       Kind::plugin, deadline_is_kept},
      {"any-thread-will-do",
       "An object is used by one thread at a time, and by another the next time, so it must hold nothing that belongs "
       "to a thread.",
       Kind::plugin, any_thread_will_do},
      {"newer-host-is-no-matter",
       "A host of the next minor is as good as one of this, so that a plugin outlives its agent.", Kind::plugin,
       newer_host_is_no_matter},
      {"thousand-objects-leave-nothing",
       "An agent runs for months: a thousand objects made and destroyed must leave no memory behind.", Kind::plugin,
       make_and_destroy},
  };
}

}  // namespace stoker::check
