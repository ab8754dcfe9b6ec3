#include "core/cli/job_screen.h"

#include "core/cli/json_reader.h"
#include "sdk/include/stoker/cpp/json_writer.hpp"

namespace stoker::cli {

void JobScreen::show(const ServerEvent& event) {
  const Json data = Json::parse(event.data, "an event of the job");
  if (look_.json) {
    JsonWriter line;
    line.begin_object().member("event", event.name);
    if (event.id >= 0) line.member("seq", event.id);
    for (const auto& [key, value] : data.members())
      if (key != "event" && key != "seq") line.key(key).raw(value.dump());
    out_ << line.end_object().str() << std::endl;
    return;
  }
  const bool changed = progress_.take(event.name, data);
  if (event.name == "log") {
    print(log_.feed(data["text"].text()));
  } else if (event.name == "state" && !look_.terminal) {
    note(data["state"].text());
  } else if (event.name == "diagnosis") {
    note(data["severity"].text() + ": " + data["message"].text());
    if (const std::string hint = data["hint"].text(); !hint.empty()) note("hint: " + hint);
  } else if (event.name == "checkpoint" && data["complete"].boolean()) {
    note("checkpoint " + data["path"].text());
  }
  if (changed) draw();
}

void JobScreen::note(const std::string& message) {
  if (look_.json) return;
  erase();
  err_ << "stoker: " << printable(message) << std::endl;
  draw();
}

void JobScreen::finish() {
  if (look_.json) return;
  print(log_.finish());
  erase();
  look_.terminal = false;
}

void JobScreen::print(const std::string& text) {
  if (text.empty()) return;
  erase();
  out_ << text << std::flush;
  draw();
}

void JobScreen::draw() {
  if (!look_.terminal || look_.json) return;
  err_ << "\r\x1b[K" << progress_.text(look_.columns) << std::flush;
  drawn_ = true;
}

void JobScreen::erase() {
  if (drawn_) err_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace stoker::cli
