#include "tests/simulation/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

namespace stoker::simulation {

Scheduler::Scheduler(uint64_t seed) : random_(seed) {
  auto [it, fresh] = tasks_.emplace(std::this_thread::get_id(), std::make_unique<Task>());
  running_ = it->second.get();
}

Scheduler::~Scheduler() = default;

Scheduler::Task& Scheduler::current() { return *tasks_.at(std::this_thread::get_id()); }

void Scheduler::check_alive() const {
  if (dead_ && std::uncaught_exceptions() == 0) throw Crash();
}

// Gives the turn to a ready thread chosen by the seed; when none is ready, time moves to the earliest deadline.
void Scheduler::hand_over(Task* self) {
  for (;;) {
    std::vector<Task*> ready;
    int64_t earliest = INT64_MAX;
    for (auto& [id, task] : tasks_) {
      if (task->finished) continue;
      if (!task->ready || dead_ || task->ready() || task->deadline_ms <= now_ms_)
        ready.push_back(task.get());
      else
        earliest = std::min(earliest, task->deadline_ms);
    }
    if (!ready.empty()) {
      running_ = ready[random_() % ready.size()];
      ++switches_;
      if (running_ != self) running_->turn.notify_one();
      return;
    }
    if (earliest == INT64_MAX) {
      std::fputs("simulation: every thread waits for another\n", stderr);
      std::abort();
    }
    now_ms_ = earliest;
  }
}

void Scheduler::pause(std::unique_lock<std::mutex>& lock, Task& self) {
  hand_over(&self);
  self.turn.wait(lock, [&] { return running_ == &self; });
  self.ready = nullptr;
}

void Scheduler::step() {
  {
    std::unique_lock lock(mutex_);
    pause(lock, current());
  }
  check_alive();
}

void Scheduler::wait(Signal& signal, uint64_t seen, const Wait& until) {
  {
    std::unique_lock lock(mutex_);
    Task& self = current();
    self.ready = [&signal, seen, cancel = until.cancel] { return signal.count() != seen || cancel.stop_requested(); };
    self.deadline_ms = until.deadline_ms;
    pause(lock, self);
  }
  check_alive();
}

std::thread Scheduler::start(const std::string&, std::function<void()> run) {
  std::unique_lock lock(mutex_);
  auto task = std::make_unique<Task>();
  Task* const self = task.get();
  std::thread thread([this, self, run = std::move(run)] {
    {
      std::unique_lock turn(mutex_);
      self->turn.wait(turn, [&] { return running_ == self; });
    }
    try {
      if (!dead_) run();
    } catch (const Crash&) {  // its process died under it
    }
    std::unique_lock done(mutex_);
    self->finished = true;
    hand_over(nullptr);
  });
  tasks_[thread.get_id()] = std::move(task);
  return thread;
}

void Scheduler::join(std::thread& thread) {
  {
    std::unique_lock lock(mutex_);
    Task& other = *tasks_.at(thread.get_id());
    Task& self = current();
    while (!other.finished) {
      self.ready = [&other] { return other.finished; };
      self.deadline_ms = INT64_MAX;
      pause(lock, self);
    }
  }
  const auto id = thread.get_id();
  thread.join();
  std::lock_guard lock(mutex_);
  tasks_.erase(id);
}

}  // namespace stoker::simulation
