// A log format of its own: lines "step=N loss=X" are records, every other line is nothing.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "core/error.h"
#include "core/plugin_host/log_parser.h"

namespace stoker::simulation {

class StepParser final : public plugin_host::LogParser {
 public:
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] int detect(std::string_view head) const override {
    return head.find("step=") == std::string_view::npos ? 0 : 80;
  }
  [[nodiscard]] std::unique_ptr<plugin_host::LogStream> open(uint64_t, const std::string&) const override {
    return std::make_unique<Stream>(breaks_at_step);
  }

  int64_t breaks_at_step = -1;  // where it breaks its contract

 private:
  class Stream final : public plugin_host::LogStream {
   public:
    explicit Stream(int64_t breaks_at_step) : breaks_at_step_(breaks_at_step) {}
    void push(std::string_view bytes, const Sink& sink) override {
      for (const char byte : bytes) {
        line_ += byte;
        if (byte == '\n' || byte == '\r') end_line(sink);
      }
    }
    void finish(int32_t, const Sink& sink) override {
      end_line(sink);
      plugin_host::RawEvent summary;
      summary.kind = STOKER_EVENT_SUMMARY;
      summary.fields.emplace_back("train_runtime", 1.0);
      sink(std::move(summary));
    }

   private:
    void end_line(const Sink& sink) {
      const std::string line = std::exchange(line_, {});
      const size_t at = line.find("step=");
      if (at == std::string::npos) return;
      const int64_t step = std::atoll(line.c_str() + at + 5);
      if (step == breaks_at_step_) throw Error(Fault::internal, "the parser gave what is no event");
      plugin_host::RawEvent record;
      record.kind = STOKER_EVENT_METRIC;
      record.fields.emplace_back("step", step);
      record.fields.emplace_back("loss", 0.5);
      sink(std::move(record));
    }

    std::string line_;
    int64_t breaks_at_step_;
  };

  std::string id_ = "steps";
};

}  // namespace stoker::simulation
