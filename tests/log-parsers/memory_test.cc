// What reading a log takes of the heap: nothing a line once it runs, and little for one stream whatever its bytes are.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>

#include "core/plugin_host/raw_event.h"
#include "core/training_log/reader.h"
#include "log-parsers/axolotl/parser.h"
#include "log-parsers/transformers/parser.h"

namespace {

size_t allocations = 0, live = 0;  // one thread

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  ++allocations;
  live += malloc_usable_size(memory);
  return memory;
}

void released(void* memory) noexcept {
  live -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(size_t size) { return counted(std::malloc(size)); }
void* operator new[](size_t size) { return counted(std::malloc(size)); }
void operator delete(void* memory) noexcept { released(memory); }
void operator delete[](void* memory) noexcept { released(memory); }
void operator delete(void* memory, size_t) noexcept { released(memory); }
void operator delete[](void* memory, size_t) noexcept { released(memory); }

namespace stoker {
namespace {

constexpr size_t kMost = 128 * 1024;

stoker_status ignore(void*, const stoker_log_event*) { return STOKER_OK; }
const LogEmit kNowhere(&ignore, nullptr);

using Push = std::function<void(std::string_view)>;

// A piece of a log over and over, in chunks that cut it anywhere.
void repeat(const Push& push, const std::string& piece, size_t times) {
  std::string chunk;
  size_t at = 0;
  for (size_t i = 0; i < times; ++i) {
    chunk += piece;
    if (chunk.size() < 65536) continue;
    push(std::string_view(chunk).substr(0, chunk.size() - at % 97));
    chunk.erase(0, chunk.size() - at++ % 97);
  }
  push(chunk);
}

std::string of_size(size_t size, const std::string& piece) {
  std::string out;
  while (out.size() < size) out += piece;
  return out;
}

// As it is, with frames, an evaluation's too, records of three shapes, a blanked bar, messages, bytes that are no
// UTF-8.
std::string usual_lines() {
  std::string out;
  for (int i = 0; i < 60; ++i) {
    out += "\r  3%|▎         | " + std::to_string(100 + i) + "/6737 [04:54<8:03:36,  1.5" + std::to_string(i % 10) +
           "s/it]";
    if (i % 5 == 0)
      out += "\r" + std::string(54, ' ') + "\r{'loss': 0.7" + std::to_string(i) +
             ", 'grad_norm': 3.0512345678901234, 'learning_rate': 1.88e-05, 'epoch': 0.01}\n";
    if (i % 20 == 0)
      out += "{'eval_loss': 0.9, 'eval_runtime': 4.2, 'epoch': 0.01}\n{'loss': '0.7', 'm\xfftric': nan, 'epoch': 1}\n";
    if (i % 10 == 0) out += "\rMap \xff:  12%|█▏        | 17.8k/160k [00:04<00:33, 4.2 \xe9xamples/s]\n";
  }
  return out +
         "[rank1]: UserWarning: None of the inputs have requires_grad=True\n\x1b[1mBold\x1b[0m words of 16 letters\n\n"
         "[2026-05-01 09:00:00,747] [INFO] [axolotl.train:88] [PID:4242] [RANK:0] Something went well\n";
}

template <class Parser>
void expect_no_allocations() {
  Parser parser(StreamInfo{});
  const std::string lines = usual_lines();
  const size_t in_one =
      static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [](char c) { return c == '\n' || c == '\r'; }));
  const auto read = [&](size_t times) {
    for (size_t i = 0; i < times; ++i) {
      const size_t cut = i * 37 % lines.size();
      parser.push(std::string_view(lines).substr(0, cut), kNowhere);
      parser.push(std::string_view(lines).substr(cut), kNowhere);
    }
  };
  read(lines.size());  // cut once at most places
  const size_t before = allocations;
  read(1'000'000 / in_one + 1);
  EXPECT_EQ(allocations, before);
}

TEST(Allocations, NoneForALineOfTransformers) { expect_no_allocations<transformers::Parser>(); }
TEST(Allocations, NoneForALineOfAxolotl) { expect_no_allocations<axolotl::Parser>(); }

struct Hostile {
  const char* name;
  std::function<void(const Push&)> write;
};

std::vector<Hostile> single_hostile_logs(size_t scale) {
  const std::string bad(200, '\xff');
  return {
      {"a line of 100 MB", [=](const Push& push) { repeat(push, std::string(1000, 'x'), 1000 * scale); }},
      {"the same with its end",
       [=](const Push& push) {
         repeat(push, std::string(1000, '\xff'), 1000 * scale);
         push("\n");
       }},
      {"10 million redraws",
       [=](const Push& push) { repeat(push, "\r  5%|x| 5/100 [00:01<00:09,  1.00it/s]", 100'000 * scale); }},
      {"redraws of ever other bars",
       [=](const Push& push) {
         for (size_t i = 0; i < 1000 * scale; ++i)
           push("\r" + bad + std::to_string(i) + ":  5%|x| " + std::to_string(i) + "/" + std::to_string(i + 7) +
                " [00:01<00:09,  1.00" + bad + "/s]");
       }},
      {"dicts that never close",
       [=](const Push& push) {
         repeat(push, "{'a': {'b': ", 10'000 * scale);
         push("\n");
         repeat(push, "{'loss': 1, \n", 10'000 * scale);
       }},
      {"a dict of 10 MB",
       [=](const Push& push) {
         push("{'loss': 1");
         repeat(push, ", 'k': 1", 12'000 * scale);
         push("}\n");
       }},
      {"records of many keys",
       [=](const Push& push) {
         for (size_t line = 0; line < 10 * scale; ++line) {
           std::string text = "{'loss': 1, 'epoch': 1";
           for (int i = 0; i < 1000; ++i) text += ", '\xff\xfe" + std::to_string(i) + "': 1";
           push(text + "}\n");
         }
       }},
      {"keys of 1 MB",
       [=](const Push& push) {
         push("{'" + std::string(1 << 20, 'k') + "': 1, 'loss': 2}\n{'loss': 1, '" + of_size(15000, "\xff") +
              "': 2}\n");
       }},
      {"records with a key of 15 KB after a bar",
       [=](const Push& push) {
         push("\r  5%|x| 5/100 [00:01<00:09,  1.00it/s]\n");
         repeat(push, "{'loss': 1, '" + std::string(15000, '\xff') + "': 2}\n", 10 * scale);
       }},
      {"numbers of 10,000 digits",
       [=](const Push& push) {
         repeat(push, "{'loss': " + std::string(10000, '7') + ", 'epoch': 0." + std::string(5000, '7') + "}\n",
                10 * scale);
       }},
      {"escape sequences",
       [=](const Push& push) {
         repeat(push, "\x1b[31;1m\x1b]0;", 50'000 * scale);
         push("\n");
         repeat(push, "\x1b[1m\x1b[A\x1b\n", 50'000 * scale);
       }},
      {"ranks that fail",
       [=](const Push& push) {
         for (size_t i = 0; i < 100 * scale; ++i) {
           const std::string rank = "[rank" + std::to_string(i) + "]: ",
                             host = "10.0.0." + std::to_string(i % 256) + ": ";
           push(host + rank + "Traceback (most recent call last):\n" + host + rank + "  File \"x.py\", line 1\n");
           push(host + rank + std::string(100, 'a') + ".B" + std::to_string(i) + "Error: " + std::string(900, 'm') +
                ":\n" + host + rank + "  " + std::string(90, 'n') + "\n");
         }
       }},
      {"tracebacks of one process",
       [=](const Push& push) {
         for (size_t i = 0; i < 100 * scale; ++i)
           push("Traceback (most recent call last):\nB" + std::to_string(i) + "Error: " + std::string(900, 'm') +
                "\n\nDuring handling of the above exception, another exception occurred:\n\n");
       }},
      {"IPython's and C++'s exceptions of many ranks",
       [=](const Push& push) {
         for (size_t i = 0; i < 100 * scale; ++i)
           push("[rank" + std::to_string(i) + "]: terminate called after throwing an instance of '" +
                std::string(900, 'e') + "'\n[rank" + std::to_string(i) + "]: " + std::string(110, 'i') +
                "Error Traceback (most recent call last)\n");
       }},
      {"checkpoints",
       [=](const Push& push) {
         for (size_t i = 0; i < 10 * scale; ++i)
           push("Saving model checkpoint to " + of_size(15000, "\xff") + std::to_string(i) + "/checkpoint-" +
                std::to_string(i) + "\n");
       }},
      {"start blocks and versions",
       [=](const Push& push) {
         for (size_t i = 0; i < 10 * scale; ++i)
           push("==((====))==  Unsloth 2" + std::string(9000, '5') + ": Transformers: " + std::string(900, '4') +
                "\nTorch: " + std::string(9000, '\xff') +
                "\n***** Running training *****\n  Num examples = " + std::string(9000, '1') +
                "\n***** Axolotl Dependency Versions *****\naxolotl: " + std::string(40, '\xff') +
                "\n[2026] [INFO] [axolotl.x] Starting trainer\n");
       }},
      {"bars of many machines",
       [=](const Push& push) {
         for (size_t i = 0; i < 100 * scale; ++i)
           push("(" + std::string(100, 's') + std::to_string(i) + ", pid=7)   5%|x| 5/100 [00:01<00:09,  1.00it/s]\n");
       }},
      {"records and no bar after the first",
       [=](const Push& push) {
         push("\r  5%|x| 5/100 [00:01<00:09,  1.00it/s]\n");
         repeat(push,
                "{'loss': 0.5, 'grad_norm': 3.05, 'learning_rate': 1.88e-05, 'rewards/one/much/longer/name': 0.5, "
                "'epoch': 1}\n",
                1000 * scale);
       }},
  };
}

std::vector<Hostile> hostile_logs(size_t scale) {
  auto logs = single_hostile_logs(scale);
  logs.push_back({"all of them in turn", [all = single_hostile_logs(scale / 10)](const Push& push) {
                    for (const auto& log : all) log.write(push);
                  }});
  return logs;
}

template <class Parser>
void expect_bounded_parser() {
  for (const auto& log : hostile_logs(100)) {
    const size_t before = live;
    auto parser = std::make_unique<Parser>(StreamInfo{});
    size_t of_parser = live - before;
    size_t most = 0;
    log.write([&](std::string_view bytes) {
      const size_t others = live;
      parser->push(bytes, kNowhere);
      of_parser += live - others;
      most = std::max(most, of_parser);
    });
    EXPECT_LE(most, kMost) << log.name;
  }
}

TEST(StateOfAStream, OfTransformersIsBounded) { expect_bounded_parser<transformers::Parser>(); }
TEST(StateOfAStream, OfAxolotlIsBounded) { expect_bounded_parser<axolotl::Parser>(); }

// A parser of this process for the core, whose own memory is counted apart.
class Inside final : public plugin_host::LogParser {
 public:
  class Stream final : public plugin_host::LogStream {
   public:
    explicit Stream(size_t& of_parser) : of_parser_(of_parser) {}
    void push(std::string_view bytes, const Sink& sink) override {
      call([&](const LogEmit& emit) { parser_.push(bytes, emit); }, sink);
    }
    void finish(int32_t why, const Sink& sink) override {
      call([&](const LogEmit& emit) { parser_.finish(why, emit); }, sink);
    }

   private:
    struct Call {
      const Sink& sink;
      size_t of_others = 0;
    };
    static stoker_status take(void* user, const stoker_log_event* event) {
      auto& call = *static_cast<Call*>(user);
      const size_t before = live;
      call.sink(plugin_host::copy_event(event));
      call.of_others += live - before;
      return STOKER_OK;
    }
    template <class Step>
    void call(const Step& step, const Sink& sink) {
      Call made{sink};
      const size_t before = live;
      step(LogEmit(&take, &made));
      of_parser_ += live - before - made.of_others;
    }

    transformers::Parser parser_{StreamInfo{}};
    size_t& of_parser_;
  };

  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] int detect(std::string_view) const override { return 0; }
  [[nodiscard]] std::unique_ptr<plugin_host::LogStream> open(uint64_t, const std::string&) const override {
    const size_t before = live;
    auto stream = std::make_unique<Stream>(of_parser);
    of_parser += live - before;
    return stream;
  }

  mutable size_t of_parser = 0;

 private:
  std::string id_ = "transformers";
};

TEST(StateOfAStream, OfTheReaderIsBounded) {
  for (const auto& log : hostile_logs(10)) {
    const size_t before = live;
    const Inside inside;
    auto reader = std::make_unique<training_log::Reader>(&inside);
    size_t of_both = live - before, most = 0;
    log.write([&](std::string_view bytes) {
      const size_t others = live;
      (void)reader->push(bytes, 0);
      of_both += live - others;
      most = std::max(most, of_both - inside.of_parser);
    });
    EXPECT_LE(most, kMost) << log.name;
    EXPECT_LE(inside.of_parser, kMost) << log.name;
  }
}

}  // namespace
}  // namespace stoker
