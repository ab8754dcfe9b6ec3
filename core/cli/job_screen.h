// What of a job's events is shown while it is followed: the log, and on a terminal a status line under it.
#pragma once

#include <ostream>
#include <string>

#include "core/cli/event_reader.h"
#include "core/cli/plain_text.h"
#include "core/cli/progress_line.h"

namespace stoker::cli {

class JobScreen {
 public:
  struct Look {
    bool json = false;      // one JSON line an event
    bool terminal = false;  // status line, drawn on `err`
    int columns = 80;
  };
  JobScreen(Look look, std::ostream& out, std::ostream& err) : look_(look), out_(out), err_(err) {}

  void show(const ServerEvent& event);
  void note(const std::string& message);  // a line of our own
  void finish();                          // what is left of the log; the status line goes

 private:
  void print(const std::string& text);
  void draw();
  void erase();

  Look look_;
  std::ostream& out_;
  std::ostream& err_;
  LogText log_;
  ProgressLine progress_;
  bool drawn_ = false;
};

}  // namespace stoker::cli
