#include "fault.h"

namespace stoker::transformers {
namespace {

constexpr Fault kOomGpu{
    "oom_gpu",
    "use a smaller batch or sequence length, gradient checkpointing, 4-bit weights or a GPU with more memory",
    Retry::no};
constexpr Fault kKilled{
    "killed", "the machine or container ran out of memory: use fewer data workers, stream the data or take more RAM",
    Retry::unknown};
constexpr Fault kOomHost{
    "oom_host", "the machine or container ran out of memory: use fewer data workers, stream the data or take more RAM",
    Retry::unknown};
constexpr Fault kNcclTimeout{
    "nccl_timeout", "one rank hung or was far behind: look at the rank that did not report, and at the network",
    Retry::yes};
constexpr Fault kNcclError{"nccl_error", "give the container more shared memory, or look closer with NCCL_DEBUG=INFO",
                           Retry::yes};
constexpr Fault kCudaAssert{
    "cuda_error", "a label or token id is out of range: check the labels, and resize the embeddings to the tokenizer",
    Retry::no};
constexpr Fault kCudaFault{"cuda_error", "a broken kernel or broken hardware: try again on another machine",
                           Retry::yes};
constexpr Fault kDiskFull{"disk_full", "rent a larger disk or keep fewer checkpoints with save_total_limit",
                          Retry::unknown};
constexpr Fault kHfAuth{
    "hf_auth", "accept the model's licence on huggingface.co and set HF_TOKEN to a token that may read it", Retry::no};
constexpr Fault kHfNotFound{"hf_not_found",
                            "check the name of the model or data set, and the token where it is private", Retry::no};
constexpr Fault kNetwork{"network", "try again, or use a mirror or local files", Retry::yes};
constexpr Fault kSigint{"signal", "the run was interrupted by its user", Retry::no};
constexpr Fault kSigterm{"signal", "the run was stopped from outside: preempted, out of time or ended with its session",
                         Retry::yes};
constexpr Fault kInterrupt{"keyboard_interrupt", "the run was interrupted by its user", Retry::no};
constexpr Fault kException{"exception", "", Retry::no};
constexpr Fault kChildFailed{"child_failed", "look for the output of the rank that failed first", Retry::unknown};

struct Sign {
  std::string_view text;
  const Fault* fault;
};

// In order: the first that occurs wins. Those of one exception's text and of plain lines alike.
constexpr Sign kSigns[] = {
    {"CUDA out of memory", &kOomGpu},
    {"HIP out of memory", &kOomGpu},
    {"CUDA error: out of memory", &kOomGpu},
    {"CUBLAS_STATUS_ALLOC_FAILED", &kOomGpu},
    {"Watchdog caught collective operation timeout", &kNcclTimeout},
    {"NCCL error", &kNcclError},
    {"ncclSystemError", &kNcclError},
    {"ncclRemoteError", &kNcclError},
    {"device-side assert", &kCudaAssert},
    {"CUDA error", &kCudaFault},
    {"HIP error", &kCudaFault},
    {"uncorrectable ECC", &kCudaFault},
    {"[Errno 28]", &kDiskFull},
    {"No space left on device", &kDiskFull},
    {"StorageFull", &kDiskFull},
    {"PytorchStreamWriter failed writing", &kDiskFull},
    {"Disk quota exceeded", &kDiskFull},
    {"gated repo", &kHfAuth},
    {"401 Client Error", &kHfAuth},
    {"403 Client Error", &kHfAuth},
    {"Invalid user token", &kHfAuth},
    {"404 Client Error", &kHfNotFound},
    {"is not a local folder and is not a valid model identifier", &kHfNotFound},
    {"429 Client Error", &kNetwork},
    {"couldn't connect to 'https://huggingface.co'", &kNetwork},
    {"HTTPSConnectionPool(", &kNetwork},
    {"is killed by signal: Killed", &kOomHost},
    {"oom_kill event", &kOomHost},
    {"oom-kill", &kOomHost},
    {"got signal: 2", &kSigint},
    {"got signal: ", &kSigterm},
};

// Lines that say it without an exception.
constexpr Sign kLineSigns[] = {
    {"Signal 9 (SIGKILL)", &kKilled},
    {"exitcode  : -9 ", &kKilled},
    {"failed (exitcode: -9)", &kKilled},
    {"death signal, shutting down workers", &kSigterm},
    {"SIGHUP death signal", &kSigterm},
    {"Main process received SIGINT", &kSigint},
    {"Main process received SIGTERM", &kSigterm},
    {"DUE TO TIME LIMIT", &kSigterm},
    {"DUE TO PREEMPTION", &kSigterm},
    {"Watchdog caught collective operation timeout", &kNcclTimeout},
    {"Detected 1 oom_kill event", &kOomHost},
    {"Detected 1 oom-kill event", &kOomHost},
    {"Root Cause (first observed failure)", &kChildFailed},
    {"failed (exitcode: ", &kChildFailed},
};

constexpr Sign kNames[] = {
    {"OutOfMemoryError", &kOomGpu},          {"GatedRepoError", &kHfAuth},
    {"LocalTokenNotFoundError", &kHfAuth},   {"RepositoryNotFoundError", &kHfNotFound},
    {"RevisionNotFoundError", &kHfNotFound}, {"LocalEntryNotFoundError", &kNetwork},
    {"ConnectionError", &kNetwork},          {"ReadTimeout", &kNetwork},
    {"ConnectTimeout", &kNetwork},           {"DistBackendError", &kNcclError},
    {"SignalException", &kSigterm},          {"KeyboardInterrupt", &kInterrupt},
    {"ChildFailedError", &kChildFailed},     {"CalledProcessError", &kChildFailed},
    {"SystemExit", &kChildFailed},           {"RendezvousClosedError", &kChildFailed},
    {"DistNetworkError", &kChildFailed},     {"MemoryError", &kOomHost},
};

bool has(std::string_view text, std::string_view part) noexcept { return text.find(part) != std::string_view::npos; }

// "Killed", alone or as a shell reports it: "run.sh: line 3:  1234 Killed   python train.py".
bool is_killed(std::string_view text) noexcept {
  const auto at = text.find("Killed");
  if (at == std::string_view::npos) return false;
  if (text == "Killed") return true;
  return at > 0 && text[at - 1] == ' ' && has(text.substr(0, at), ": line ");
}

}  // namespace

const Fault* fault_of_line(std::string_view text) noexcept {
  for (const auto& sign : kLineSigns) {
    if (has(text, sign.text)) return sign.fault;
  }
  return is_killed(text) ? &kKilled : nullptr;
}

const Fault* fault_of_exception(std::string_view exception, std::string_view message) noexcept {
  if (exception.ends_with("KeyboardInterrupt")) return &kInterrupt;
  for (const auto& sign : kSigns) {
    if (has(message, sign.text)) return sign.fault;
  }
  for (const auto& name : kNames) {
    if (exception.ends_with(name.text)) return name.fault;
  }
  return &kException;
}

bool is_wrapper(const Fault& fault) noexcept { return &fault == &kChildFailed; }

}  // namespace stoker::transformers
