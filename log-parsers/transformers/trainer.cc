#include "trainer.h"

#include <algorithm>
#include <cmath>

#include "bar.h"

namespace stoker::transformers {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kMaxOrigins = 32, kMaxPath = 1000, kLongestPath = 4096;
constexpr int kMaxFailedDicts = 16;  // a line full of braces must not take quadratic time

bool has(std::string_view text, std::string_view part) noexcept { return text.find(part) != kNone; }

bool ends_with_key(const Record& record, std::string_view prefix, std::string_view suffix, std::string_view& stem) {
  for (const auto& item : record.items) {
    if (item.key.starts_with(prefix) && item.key.ends_with(suffix) && item.key.size() > suffix.size()) {
      stem = item.key.substr(0, item.key.size() - suffix.size());
      return true;
    }
  }
  return false;
}

// What a record is: the kind of its event, and the split of an evaluation. Kind 0: no record of a training.
std::int32_t classify(const Record& record, std::string_view& name) {
  name = {};
  if (record.find("loss") != nullptr) return STOKER_EVENT_METRIC;
  if (record.find("train_runtime") != nullptr) return STOKER_EVENT_SUMMARY;
  for (const std::string_view prefix : {"eval_", "predict_", "test_"}) {
    if (ends_with_key(record, prefix, "_runtime", name) || ends_with_key(record, prefix, "_loss", name)) {
      return STOKER_EVENT_EVAL;
    }
  }
  const bool learns = record.find("learning_rate") != nullptr || record.find("lr") != nullptr;
  if ((learns && record.find("epoch") != nullptr) || record.find("episode") != nullptr) return STOKER_EVENT_METRIC;
  return 0;
}

// Whether what stands before a dict shows that it is a part of something: an element of a list, a value, a text.
bool is_within(std::string_view before) noexcept {
  while (before.ends_with(' ')) before.remove_suffix(1);
  if (before.ends_with(':')) {  // behind a logger's name there may be a record, behind a key there is none
    before.remove_suffix(1);
    return before.ends_with('\'') || before.ends_with('"');
  }
  return !before.empty() && std::string_view("[(,'\"=").find(before.back()) != kNone;
}

bool has_no_origin(const LogLine& line) noexcept { return line.rank < 0 && line.source.empty(); }

bool same_word(std::string_view a, std::string_view b) noexcept {  // most often it is the very same
  return a.size() == b.size() && (a.data() == b.data() || a == b);
}

}  // namespace

void Trainer::finish(const LogEmit& emit) {
  emit_ = &emit;
  if (start_block_.finish()) emit_start({}, start_block_.start());
}

void Trainer::read(const LogLine& line, const LogEmit& emit) {
  emit_ = &emit;
  turn_to(line);
  const bool in_block = start_block_.open();
  if (in_block && start_block_.feed(line.text)) emit_start(line, start_block_.start());
  if (Bar bar; plain_frame_.read(line.text, bar)) return read_bar(line, bar);
  if (is_blank(line.text)) return;
  if (line.text.front() == '{') {
    const std::size_t behind = record_.parse(line.text, 0);
    if (behind != kNone && is_blank(line.text.substr(behind))) return read_record(line, {});
  }
  const std::size_t behind_bars = read_bars(line);
  read_records(line);
  // A bar that is redrawn carries no message; behind its last frame there may be one. Other messages have a capital.
  if (behind_bars == line.text.size()) return;
  if (!has_capital(line.text)) return read_parameters(line.text);
  if (!in_block) start_block_.feed(line.text);
  read_message(line, line.text.substr(behind_bars));
}

std::size_t Trainer::read_frame(std::string_view rest, std::uint64_t first_byte, const LogEmit& emit) {
  Bar bar;
  if (start_block_.open() || !plain_frame_.read_front(rest, bar)) return 0;
  LogLine line;
  line.text = rest.substr(0, bar.end);
  line.first_byte = first_byte;
  line.last_byte = first_byte + bar.end - 1;
  line.redrawn = rest[bar.end] == '\r';
  emit_ = &emit;
  turn_to(line);
  read_bar(line, bar);
  return bar.end;
}

void Trainer::find_origin(const LogLine& line) {
  const auto known =
      std::find_if(origins_.begin(), origins_.end(), [&](const Origin& origin) { return origin.is_of(line); });
  origin_ = static_cast<std::size_t>(known - origins_.begin());
  if (known != origins_.end()) return;
  if (origins_.size() >= kMaxOrigins) {
    origin_ = 0;
    return;
  }
  origins_.emplace_back();
  origins_.back().rank = line.rank;
  origins_.back().source = line.source;
}

void Trainer::framework(std::string name, std::string version) {
  framework_ = std::move(name);
  version_ = std::move(version);
}

void Trainer::versions(std::string transformers, std::string torch) {
  transformers_version_ = std::move(transformers);
  torch_version_ = std::move(torch);
}

void Trainer::start(const LogLine& line, const Start& known, const LogEmit& emit) {
  emit_ = &emit;
  emit_start(line, known);
}

void Trainer::phase(const LogLine& line, std::string_view name, const LogEmit& emit) {
  emit_ = &emit;
  emit_phase(line, name);
}

std::size_t Trainer::read_bars(const LogLine& line) {
  Bar bar;
  std::size_t at = 0;
  while (find_bar(line.text, at, bar)) {
    read_bar(line, bar);
    at = bar.end;
  }
  return at;
}

void Trainer::read_bar(const LogLine& line, const Bar& bar) {
  BarKind kind;
  if (bar.title.empty()) {
    const auto seen = training().feed(bar);
    if (seen.new_run && is_main()) restart(line, bar.total);
    const bool train = seen.role == TrainingBar::Role::train;
    kind = train ? BarKind{"train", "train"} : BarKind{"eval", "eval"};
    // A bar that is closed by an exception is drawn once more, perhaps further than before.
    if (train && main_ == kNoOrigin) main_ = origin_;
    if (train && seen.advanced && is_main() && --advances_to_doubt_ < 0) training_goes_on();
    if (!train && summarized_) kind.phase = {};
  } else {
    kind = kind_of_title(bar.title);
  }
  emit_phase(line, kind.phase);
  const auto title = utf8_view(bar.title, title_), unit = utf8_view(bar.unit.substr(0, 40), unit_);
  if (ProgressFields::fits(bar) && has_no_origin(line)) {
    return emit(line, STOKER_EVENT_PROGRESS, title, progress_fields_.fill(kind.scope, bar, unit));
  }
  fields_.clear();
  fields_.add("scope", kind.scope);
  fields_.add("n", bar.n);
  fields_.add("total", bar.total);
  if (!unit.empty()) fields_.add("unit", unit);
  if (bar.elapsed_s >= 0) fields_.add("elapsed_s", bar.elapsed_s);
  if (bar.rate > 0) fields_.add("rate", bar.rate);
  emit(line, STOKER_EVENT_PROGRESS, title);
}

void Trainer::read_records(const LogLine& line) {
  int failed = 0;
  for (std::size_t at = line.text.find('{'); at != kNone && failed < kMaxFailedDicts;) {
    std::size_t behind = kNone;
    if (at + 1 < line.text.size() && (line.text[at + 1] == '\'' || line.text[at + 1] == '"')) {
      behind = record_.parse(line.text, at);
      if (behind == kNone) ++failed;
    }
    if (behind != kNone) read_record(line, line.text.substr(0, at));
    at = line.text.find('{', behind == kNone ? at + 1 : behind);
  }
}

void Trainer::read_record(const LogLine& line, std::string_view before) {
  // What LLaMA-Factory's web UI adds is a second, rounded copy of the record the Trainer prints.
  if (before.ends_with(">> ") && (has(before, "logging.py:") || has(before, "callbacks"))) return;
  std::string_view name;
  const std::int32_t kind = classify(record_, name);
  if (kind == 0 || is_within(before)) return;
  if (kind == STOKER_EVENT_METRIC) {
    // Once a Trainer's records are known, a dict without their epoch is something that the script prints.
    const bool has_epoch = record_.find("epoch") != nullptr;
    if (records_have_epoch_ && !has_epoch) return;
    records_have_epoch_ = has_epoch;
    if (main_ == kNoOrigin) main_ = origin_;
    if (training().saw_record() && is_main()) begin_run();
    // Without bars only records tell that the training goes on. With bars they may come late, from a buffer.
    if (training().total() == 0 && is_main()) training_goes_on();
    if (phase_ != "train" && phase_ != "eval" && !summarized_) emit_phase(line, "train");
    fresh_ = false;
  }
  emit_numbers(line, kind, name);
  if (kind == STOKER_EVENT_SUMMARY) {
    training_goes_on();
    training().saw_summary();
    summarized_ = true;
    emit_phase(line, "done");
  }
}

void Trainer::emit(const LogLine& line, std::int32_t kind, std::string_view name) {
  if (line.rank >= 0) fields_.add("@rank", line.rank);
  if (!line.source.empty()) fields_.add("@source", utf8_view(line.source, source_text_));
  emit(line, kind, name, fields_.view());
}

void Trainer::emit(const LogLine& line, std::int32_t kind, std::string_view name,
                   std::span<const stoker_field> fields) {
  (*emit_)({.kind = kind,
            .flags = line.truncated ? std::uint32_t{STOKER_EVENT_TRUNCATED} : 0,
            .first_byte = line.first_byte,
            .last_byte = line.last_byte,
            .name = name,
            .fields = fields});
}

void Trainer::emit_numbers(const LogLine& line, std::int32_t kind, std::string_view name) {
  fields_.clear();
  repaired_.clear();
  const bool ascii = is_ascii(line.text);
  if (!ascii) repaired_.reserve(3 * line.text.size());  // so that it does not move
  const auto repair = [&](std::string_view text) {
    const std::size_t begin = repaired_.size();
    if (ascii || is_ascii(text)) return text;
    append_utf8(text, repaired_);
    return std::string_view(repaired_).substr(begin);
  };
  for (const auto& item : record_.items) {
    const std::string_view key = repair(item.key);
    if (item.value.whole) {
      fields_.add(key, item.value.i);
    } else {
      fields_.add(key, item.value.r);
    }
  }
  emit(line, kind, utf8_view(name, title_));
}

void Trainer::read_message(const LogLine& line, std::string_view text) {
  if (has(text, "Traceback (most recent call last)")) {
    training().saw_fault();
    advances_to_doubt_ = 1;
    return;
  }
  read_parameters(text);
  if (!has(text, "v")) return;  // neither "saving" nor "saved"
  read_checkpoint(line, text);
  read_model(line, text);
}

// As PEFT prints it: "trainable params: 79,953,920 || all params: 6,818,369,536 || trainable%: 1.17".
void Trainer::read_parameters(std::string_view text) {
  constexpr std::string_view kTrainable = "trainable params: ";
  if (text.empty() || text.back() < '0' || text.back() > '9') return;
  const auto at = text.find(kTrainable);
  if (at != kNone && has(text, "|| all params: "))
    trainable_parameters_ = read_whole(text.substr(at + kTrainable.size()));
}

void Trainer::read_checkpoint(const LogLine& line, std::string_view text) {
  constexpr std::string_view kSaving = "Saving model checkpoint to ", kFolder = "checkpoint-";
  const auto at = text.find(kSaving);
  if (at == kNone) return;
  auto path = text.substr(at + kSaving.size());
  while (!path.empty() && (path.back() == ' ' || path.back() == '/')) path.remove_suffix(1);
  const auto folder = path.rfind(kFolder);
  // The final save, or a folder of another name.
  if (folder == kNone || path.size() > kLongestPath) return;
  const auto step = parse_number(path.substr(folder + kFolder.size()));
  if (!step || !step->whole || step->i < 0) return;
  Checkpoint made{utf8_text(path), step->i, line.first_byte, line.last_byte};
  if (checkpoint_ && checkpoint_->path == made.path) return;  // every rank may say so
  if (checkpoint_) emit_checkpoint(*checkpoint_, true);
  checkpoint_ = std::move(made);
  emit_checkpoint(*checkpoint_, false);
}

// Where the trained model is written, and that it is: a checkpoint without a step.
//   Saving model checkpoint to out                            transformers; "Model weights saved in out/..." follows
//   Training completed! Saving pre-trained model to out       axolotl; "Model successfully saved to out" follows
//   Unsloth: Merge process complete. Saved to `out`           unsloth
void Trainer::read_model(const LogLine& line, std::string_view text) {
  const auto behind = [&](std::string_view words) {
    const auto at = text.find(words);
    auto path = at == kNone ? std::string_view{} : text.substr(at + words.size());
    while (!path.empty() && std::string_view(" ./`\"'").find(path.back()) != kNone) path.remove_suffix(1);
    while (path.starts_with('`')) path.remove_prefix(1);
    return path.substr(0, kMaxPath);
  };
  const auto tell = [&](std::string_view path, bool complete) {
    emit_checkpoint({utf8_text(path), -1, line.first_byte, line.last_byte}, complete);
  };
  for (const std::string_view words :
       {"Saving model checkpoint to ", "Saving pre-trained model to ", "Saving trained model to "}) {
    const auto path = behind(words);
    if (path.empty() || path.find("checkpoint-") != kNone || path == model_) continue;
    model_ = path;
    return tell(path, false);
  }
  for (const std::string_view words :
       {"Model successfully saved to ", "Merge process complete. Saved to ", "merged and saved to "}) {
    const auto path = behind(words);
    if (path.empty()) continue;
    model_.clear();
    return tell(path, true);
  }
  const auto weights = behind("odel weights saved in ");
  if (model_.empty() || weights.size() <= model_.size() || !weights.starts_with(model_)) return;
  if (weights[model_.size()] != '/' || weights.find('/', model_.size() + 1) != kNone) return;
  tell(std::exchange(model_, {}), true);
}

void Trainer::training_goes_on() {
  advances_to_doubt_ = 0;
  fresh_ = false;
  if (checkpoint_) emit_checkpoint(*checkpoint_, true);  // saving blocks the training
  checkpoint_.reset();
}

void Trainer::begin_run() noexcept {
  ++run_;
  started_total_ = -1;
  summarized_ = false;
  fresh_ = true;
  advances_to_doubt_ = 0;
}

// A training begins anew without the block that would say so.
void Trainer::restart(const LogLine& line, std::int64_t total) {
  begin_run();
  Start start;
  start.framework = framework_;
  start.total_steps = total;
  emit_run(line, start);
}

void Trainer::emit_phase(const LogLine& line, std::string_view phase) {
  if (phase.empty() || same_word(phase, phase_) || !is_main()) return;
  phase_ = phase;
  fields_.clear();
  emit(line, STOKER_EVENT_PHASE, phase_);
}

void Trainer::emit_start(const LogLine& line, Start start) {
  if (!is_main()) return;
  if (!framework_.empty()) {
    start.framework = framework_;
    start.version = version_;
  }
  if (start.transformers_version.empty()) start.transformers_version = transformers_version_;
  if (start.torch_version.empty()) start.torch_version = torch_version_;
  if (start.trainable_parameters < 0) start.trainable_parameters = trainable_parameters_;
  // Every rank may print the block, and some print it twice.
  if (fresh_ && started_total_ == start.total_steps && started_total_ >= 0) return;
  if (!fresh_) begin_run();
  started_total_ = start.total_steps;
  training().start(start.total_steps);
  summarized_ = false;
  advances_to_doubt_ = 0;
  emit_run(line, start);
}

void Trainer::emit_run(const LogLine& line, const Start& start) {
  const auto framework = start.framework.empty() ? std::string_view("transformers") : std::string_view(start.framework);
  fields_.clear();
  fields_.add("run", run_);
  fields_.add("framework", framework);
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"version", &start.version},
      {"transformers_version", &start.transformers_version},
      {"torch_version", &start.torch_version}};
  std::string kept[3];
  for (int i = 0; i < 3; ++i) {
    if (texts[i].second->empty()) continue;
    kept[i] = utf8_text(*texts[i].second);
    fields_.add(texts[i].first, kept[i]);
  }
  const std::pair<std::string_view, std::int64_t> numbers[] = {{"total_steps", start.total_steps},
                                                               {"num_examples", start.num_examples},
                                                               {"num_epochs", start.num_epochs},
                                                               {"batch_size", start.batch_size},
                                                               {"total_batch_size", start.total_batch_size},
                                                               {"gradient_accumulation", start.gradient_accumulation},
                                                               {"trainable_parameters", start.trainable_parameters},
                                                               {"resumed_step", start.resumed_step}};
  for (const auto& [key, value] : numbers) {
    if (value >= 0) fields_.add(key, value);
  }
  for (const Fact& fact : start.facts) {
    const auto whole = static_cast<std::int64_t>(fact.value);
    if (fact.value == static_cast<double>(whole))
      fields_.add(fact.name, whole);
    else
      fields_.add(fact.name, fact.value);
  }
  emit(line, STOKER_EVENT_RUN, framework);
}

void Trainer::emit_checkpoint(const Checkpoint& checkpoint, bool complete) {
  fields_.clear();
  if (checkpoint.step >= 0) fields_.add("step", checkpoint.step);
  fields_.add("path", checkpoint.path);
  fields_.add("complete", complete);
  LogEvent event;
  event.kind = STOKER_EVENT_CHECKPOINT;
  event.first_byte = checkpoint.first_byte;
  event.last_byte = checkpoint.last_byte;
  event.fields = fields_.view();
  (*emit_)(event);
}

int Trainer::detect(std::string_view head) {
  int score = 0;
  const auto sign = [&](std::string_view text, int worth) {
    if (has(head, text)) score = std::max(score, worth);
  };
  sign("%|", 20);
  sign("transformers", 30);
  sign("trainer.py", 40);
  sign("***** Running training *****", 60);
  sign("Unsloth - 2x faster", 80);
  sign("llamafactory", 60);
  Record record;
  int failed = 0;
  for (auto at = head.find("{'"); at != kNone && failed < kMaxFailedDicts; at = head.find("{'", at + 1)) {
    std::string_view name;
    if (record.parse(head.substr(0, std::min(head.size(), at + 4096)), at) == kNone)
      ++failed;
    else if (classify(record, name) != 0 && record.find("epoch") != nullptr)
      return 80;
  }
  return score;
}

}  // namespace stoker::transformers
