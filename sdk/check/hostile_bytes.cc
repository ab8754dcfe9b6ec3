#include "sdk/check/hostile_bytes.h"

#include <algorithm>
#include <random>

namespace stoker::check {
namespace {

using namespace std::string_view_literals;

constexpr size_t kRandomBytes = 16 << 10;
constexpr size_t kLongLine = 20 << 10;  // over STOKER_DEFAULT_MAX_LINE_BYTES

std::string repeated(std::string_view piece, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += piece;
  return all;
}

}  // namespace

std::string_view usual_lines() {
  return "Loading checkpoint shards: 100%|##########| 2/2 [00:03<00:00,  1.52s/it]\n"
         "***** Running training *****\n"
         "  Num examples = 1,200\n"
         "  Total optimization steps = 30\n"
         "  0%|          | 0/30 [00:00<?, ?it/s]\r"
         " 10%|#         | 3/30 [00:04<00:40,  1.50s/it]\r"
         " 33%|###       | 10/30 [00:15<00:30,  1.50s/it]{'loss': 2.125, 'grad_norm': 0.75, "
         "'learning_rate': 2e-05, 'epoch': 0.5}\n"
         "step=10 loss=2.125 lr=2e-05\r\n"
         "{\"step\": 10, \"train_loss\": 2.125, \"time\": 1780000000.5}\n"
         "Epoch 1:  50%|\xE2\x96\x88\xE2\x96\x88\xE2\x96\x88   | 15/30 [00:22<00:22, 0.66it/s, v_num=0, loss=1.750]\r"
         "{'eval_loss': 1.5, 'eval_runtime': 4.25, 'eval_samples_per_second': 23.5, 'epoch': 1.0}\n"
         "iteration       20/      30 | consumed samples:           80 | lm loss: 1.625000E+00 |\n"
         "Saving model checkpoint to out/checkpoint-20\n"
         "\n"
         "{'loss': nan, 'grad_norm': inf, 'learning_rate': 0.0, 'epoch': 1.0}\n"
         "Traceback (most recent call last):\n"
         "  File \"train.py\", line 12, in <module>\n"
         "    trainer.train()\n"
         "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
         "100%|##########| 30/30 [00:45<00:00,  1.50s/it]\n"
         "{'train_runtime': 45.5, 'train_loss': 1.375, 'epoch': 2.0}";
}

const std::vector<std::string>& ill_formed_utf8() {
  static const std::vector<std::string> kAll{
      "\x80",     "\xBF",         "\xC3",         "\xE2\x96",         "\xF0\x9F\x98",
      "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
      "\xFE",     "\xFF\xFF",     "\xE2(\xA1"};
  return kAll;
}

const std::vector<std::string>& escape_codes() {
  static const std::vector<std::string> kAll{"\x1b[32m",
                                             "\x1b[0m",
                                             "\x1b[1;38;2;255;100;0m",
                                             "\x1b[A\x1b[2K",
                                             "\x1b]0;a title\a",
                                             "\x1b]8;;https://acme.example\x1b\\a link\x1b]8;;\x1b\\",
                                             "\x1b(B",
                                             "\x1b",
                                             "\x1b[",
                                             "\x1b[38;5",
                                             "\x1b]0;never ended",
                                             "\b\b\b",
                                             "\x7f\v\f"};
  return kAll;
}

std::string random_bytes(uint64_t seed, size_t size) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 56);
  return bytes;
}

std::string mutated(std::string bytes, uint64_t seed, int changes) {
  static constexpr std::string_view kPieces[] = {"\n",
                                                 "\r",
                                                 "\r\n",
                                                 "\0"sv,
                                                 "\"",
                                                 "'",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 "%|",
                                                 ",",
                                                 ":",
                                                 "-1",
                                                 "0",
                                                 "1e309",
                                                 "null",
                                                 "nan",
                                                 "\\u",
                                                 "\x80",
                                                 "\x1b[",
                                                 "\xE2\x96",
                                                 "18446744073709551616"};
  std::mt19937_64 random(seed);
  for (int i = 0; i < changes; ++i) {
    const size_t at = random() % (bytes.size() + 1), length = std::min<size_t>(random() % 64, bytes.size() - at);
    const std::string piece = bytes.substr(at, length);
    switch (random() % 5) {
      case 0:
        bytes.replace(at, length, random_bytes(random(), length));
        break;
      case 1:
        bytes.erase(at, length);
        break;
      case 2:
        bytes.insert(at, piece);
        break;
      case 3:
        bytes.insert(random() % (bytes.size() + 1), piece);
        break;
      default:
        bytes.insert(at, kPieces[random() % std::size(kPieces)]);
    }
  }
  return bytes;
}

std::string with_in_each_line(std::string_view bytes, std::string_view piece) {
  std::string all;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    const auto line = bytes.substr(0, end);
    all.append(piece).append(line.substr(0, end / 2)).append(piece).append(line.substr(end / 2)).append(piece);
    if (end < bytes.size()) all += bytes[end];
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return all;
}

std::vector<NamedLog> hostile_logs() {
  std::string ill_formed, escapes;
  for (const auto& piece : ill_formed_utf8()) ill_formed += with_in_each_line(usual_lines().substr(0, 600), piece);
  for (const auto& code : escape_codes()) escapes += with_in_each_line(usual_lines().substr(0, 600), code);
  return {
      {"usual lines", std::string(usual_lines())},
      {"line ends", repeated("\n\n\r\r\r\n\n\r\n\n\r", 50) + "x" + repeated("\r\r\n", 50)},
      {"NUL bytes", std::string(100, '\0') + "\n" + with_in_each_line(usual_lines(), "\0"sv)},
      {"ill-formed UTF-8", ill_formed},
      {"escape codes", escapes},
      {"long lines", std::string(kLongLine, 'x') + "\n" + std::string(kLongLine, '{') + "\r" +
                         repeated("{'loss': 1.0, ", kLongLine / 14) + "\n" +
                         repeated(" 50%|#| 1/2 [00:01<00:01]", 700)},
      {"numbers without end", "step=" + std::string(400, '9') + " loss=0." + std::string(400, '3') + "\n{'loss': 1e" +
                                  std::string(400, '9') + ", 'epoch': -" + std::string(400, '1') +
                                  "}\n 99%|#| 9223372036854775808/18446744073709551616 [99999999999:99<00:00]\n" +
                                  "step=nan loss=-nan\nstep=-0 loss=0x1p-1074\nstep=1e309 loss=1,5\n"},
      {"brackets", repeated("{[(", 500) + "\n" + repeated("{'a': ", 500) + "\n" + repeated("}])", 500) + "\n" +
                       repeated("\"'", 500) + "\n{}\n{'\n':\n}\n{'loss':}\n{'loss': 1.0\n"},
      {"random bytes", random_bytes(1, kRandomBytes)},
  };
}

}  // namespace stoker::check
