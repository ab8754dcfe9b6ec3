// A log as a Trainer writes it when nothing buffers its output, of any size; the same bytes every time.
//
// A frame of the bar for each step, and of five steps one record: then the bar is blanked, the record printed, the
// bar drawn again. Every 250 steps an evaluation with a bar of its own, every 500 a checkpoint.
//
// How much of each there is was counted in the 24 public logs of trainings (Transformers, TRL, unsloth, LLaMA-Factory,
// axolotl; 2.9 MB between the first and the last record of each) that have nine records or more, all taken together:
//                     frames  records  other lines  blanked bars  evaluations
//   a record, there   6.39    1        0.16         0.70          0.021
//   a record, here    6.4     1        0.18         1.02          0.02
//   of bytes, there   71.5 %  16.2 %   3.5 %        6.6 %         2.0 %
//   of bytes, here    69.8 %  16.8 %   3.6 %        9.1 %         0.5 %
// Of the learning rates 98 % have nine digits or more and 92 % sixteen or seventeen, of the gradient norms 93 %; losses
// and epochs are rounded. Logs of axolotl are taken to be of the same mix, because the same Trainer writes them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

namespace stoker::bench {

class TrainerLog {
 public:
  // `axolotl`: what its logger says is added.
  explicit TrainerLog(bool axolotl) : axolotl_(axolotl) {}

  // About `size` bytes more; whole lines.
  std::string next(size_t size) {
    std::string out;
    out.reserve(size + 4096);
    while (out.size() < size) {
      if (step_ == 0) begin(out);
      five_steps(out);
      if (step_ % 30 == 0) other_line(out);
      if (step_ % 250 == 0) evaluate(out);
      if (step_ == kSteps) end(out);
    }
    return out;
  }
  [[nodiscard]] uint64_t records() const { return records_; }  // with 'loss'

 private:
  static constexpr int kSteps = 20'000, kEvalSteps = 20;
  static constexpr double kSecondsAStep = 1.5;

  template <class... Args>
  static void print(std::string& out, const char* format, Args... args) {
    char text[400];
    out.append(text, static_cast<size_t>(std::snprintf(text, sizeof text, format, args...)));
  }

  double some(double most) { return most * static_cast<double>(random_()) / 4294967296.0; }

  static std::string interval(double seconds) {
    const int s = static_cast<int>(seconds);
    std::string out;
    if (s >= 3600) print(out, "%d:", s / 3600);
    print(out, "%02d:%02d", s / 60 % 60, s % 60);
    return out;
  }

  void frame(std::string& out, int n, int total, double seconds_each) {
    static constexpr const char* kParts[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int eighths = n * 80 / total;
    print(out, "\r%3d%%|", n * 100 / total);
    for (int i = 0; i < 10; ++i) out += i < eighths / 8 ? "█" : kParts[i == eighths / 8 ? eighths % 8 : 0];
    print(out, "| %d/%d [%s<%s, %5.2fs/it]", n, total, interval(n * seconds_each).c_str(),
          interval((total - n) * seconds_each).c_str(), seconds_each + some(0.1));
  }

  void begin(std::string& out) {
    if (axolotl_)
      out += "[2026-05-01 09:00:00,747] [INFO] [axolotl.train.train:88] [PID:4242] [RANK:0] Starting trainer...\n";
    print(out,
          "***** Running training *****\n  Num examples = 160,000\n  Num Epochs = 1\n"
          "  Total optimization steps = %d\n",
          kSteps);
    out +=
        "/opt/venv/lib/python3.11/site-packages/torch/utils/checkpoint.py:85: UserWarning: None of the inputs have "
        "requires_grad=True. Gradients will be None\n  warnings.warn(\n";
  }

  void five_steps(std::string& out) {
    for (int i = 0; i < 5; ++i) frame(out, ++step_, kSteps, kSecondsAStep);
    out += '\r';
    out.append(54, ' ');
    print(out, "\r{'loss': %.4g, 'grad_norm': %.16g, 'learning_rate': %.17g, 'epoch': %.2g}\n", 0.2 + some(1),
          0.5 + some(5), 2e-5 * (1.0 - static_cast<double>(step_) / kSteps), static_cast<double>(step_) / kSteps);
    ++records_;
    frame(out, step_, kSteps, kSecondsAStep);
  }

  void other_line(std::string& out) {
    static constexpr const char* kLines[] = {
        "`use_cache=True` is incompatible with gradient checkpointing. Setting `use_cache=False`.",
        "/opt/venv/lib/python3.11/site-packages/torch/utils/checkpoint.py:85: UserWarning: None of the inputs have "
        "requires_grad=True. Gradients will be None",
        "huggingface/tokenizers: The current process just got forked, after parallelism has already been used. "
        "Disabling "
        "parallelism to avoid deadlocks...",
        "[2026-05-01 09:12:53,747] [INFO] [axolotl.utils.dataloader._len_est:262] [PID:4242] "
        "packing_efficiency_estimate: 0.98 total_num_tokens per device: 1143541"};
    print(out, "\n%s\n", kLines[step_ / 30 % (axolotl_ ? 4 : 3)]);
  }

  void evaluate(std::string& out) {
    out += '\n';
    for (int i = 1; i <= kEvalSteps; ++i) frame(out, i, kEvalSteps, 0.2);
    print(out,
          "\r%46s\r{'eval_loss': %.16g, 'eval_runtime': %.4f, 'eval_samples_per_second': %.3f, "
          "'eval_steps_per_second': %.3f, 'epoch': %.2g}\n",
          "", 0.3 + some(1), 5 + some(1), 30 + some(2), 4 + some(1), static_cast<double>(step_) / kSteps);
    if (step_ % 500 != 0) return;
    print(out,
          axolotl_ ? "[2026-05-01 09:12:53,747] [INFO] [axolotl.core.trainers.base.save:641] [PID:4242] "
                     "Saving model checkpoint to ./out/checkpoint-%d\n"
                   : "Saving model checkpoint to ./out/checkpoint-%d\n",
          step_);
  }

  void end(std::string& out) {
    print(out,
          "{'train_runtime': %.4f, 'train_samples_per_second': 5.333, 'train_steps_per_second': 0.667, "
          "'train_loss': %.16g, 'epoch': 1.0}\n",
          kSteps * kSecondsAStep, 0.2 + some(1));
    step_ = 0;
  }

  const bool axolotl_;
  int step_ = 0;
  uint64_t records_ = 0;
  std::mt19937 random_{42};
};

}  // namespace stoker::bench
