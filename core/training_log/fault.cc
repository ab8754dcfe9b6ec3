#include "core/training_log/fault.h"

#include <algorithm>
#include <array>

#include "core/training_log/sign_set.h"
#include "sdk/include/stoker/cpp/byte_scan.hpp"

namespace stoker::training_log {
namespace {

constexpr std::string_view kHostMemory =
    "the machine or container ran out of memory: use fewer data workers, stream the data or take more RAM";

constexpr TrainingFault kOomGpu{
    "oom_gpu",
    "use a smaller batch or sequence length, gradient checkpointing, 4-bit weights or a GPU with more memory",
    Retry::no};
constexpr TrainingFault kKilled{"killed", kHostMemory, Retry::unknown, Weight::effect};
constexpr TrainingFault kOomHost{"oom_host", kHostMemory, Retry::unknown};
constexpr TrainingFault kSharedMemory{
    "oom_host", "give the container more shared memory (--shm-size, or --ipc=host) or use fewer data workers",
    Retry::no};
constexpr TrainingFault kNcclTimeout{
    "nccl_timeout", "one rank hung or was far behind: look at the rank that did not report, and at the network",
    Retry::yes, Weight::effect};
constexpr TrainingFault kNcclError{"nccl_error",
                                   "give the container more shared memory, or look closer with NCCL_DEBUG=INFO",
                                   Retry::yes, Weight::effect};
constexpr TrainingFault kCudaAssert{
    "cuda_error", "a label or token id is out of range: check the labels, and resize the embeddings to the tokenizer",
    Retry::no};
constexpr TrainingFault kCudaDevice{
    "cuda_error", "there are fewer GPUs than processes: start one process a GPU, and look at CUDA_VISIBLE_DEVICES",
    Retry::no};
constexpr TrainingFault kCudaFault{"cuda_error", "a broken kernel or broken hardware: try again on another machine",
                                   Retry::yes};
constexpr TrainingFault kDiskFull{"disk_full", "rent a larger disk or keep fewer checkpoints with save_total_limit",
                                  Retry::unknown};
constexpr TrainingFault kHfAuth{
    "hf_auth", "accept the model's licence on huggingface.co and set HF_TOKEN to a token that may read it", Retry::no};
constexpr TrainingFault kHfNotFound{
    "hf_not_found", "check the name of the model or data set, and the token where it is private", Retry::no};
constexpr TrainingFault kNetwork{"network", "try again, or use a mirror or local files", Retry::yes};
constexpr TrainingFault kSigint{"signal", "the run was interrupted by its user", Retry::no, Weight::effect};
constexpr TrainingFault kSigterm{"signal",
                                 "the run was stopped from outside: preempted, out of time or ended with its session",
                                 Retry::yes, Weight::effect};
constexpr TrainingFault kSighup{"signal",
                                "the session that the run belonged to was closed: run it detached from a terminal",
                                Retry::yes, Weight::effect};
constexpr TrainingFault kCrash{
    "signal",
    "native code crashed or gave up: look at the lines above, and for a library that does not fit "
    "the GPU or the driver",
    Retry::unknown, Weight::effect};
constexpr TrainingFault kInterrupt{"keyboard_interrupt", "the run was interrupted by its user", Retry::no};
constexpr TrainingFault kException{"exception", "", Retry::no};
constexpr TrainingFault kUsage{"exception", "the program does not know these arguments: compare them with its --help",
                               Retry::no};
constexpr TrainingFault kMissing{"exception", "a package is missing on the machine: add it to what is installed there",
                                 Retry::no};
constexpr TrainingFault kMissingFile{
    "exception", "a file is missing: look whether it is among the inputs, and at its path", Retry::no};
constexpr TrainingFault kChildFailed{"child_failed", "look for the output of the rank that failed first",
                                     Retry::unknown, Weight::wrapper};

struct Sign {
  std::string_view text;
  const TrainingFault* fault;
};

// In the text of an exception. In order: the first that occurs wins.
constexpr Sign kMessages[] = {
    {"CUDA out of memory", &kOomGpu},
    {"HIP out of memory", &kOomGpu},
    {"XPU out of memory", &kOomGpu},
    {"MPS backend out of memory", &kOomGpu},
    {"CUDA error: out of memory", &kOomGpu},
    {"CUDA_ERROR_OUT_OF_MEMORY", &kOomGpu},
    {"CUBLAS_STATUS_ALLOC_FAILED", &kOomGpu},
    {"CUDA driver error: out of memory", &kOomGpu},
    {"Watchdog caught collective operation timeout", &kNcclTimeout},
    {"Some NCCL operations have failed or timed out", &kNcclTimeout},
    {"NCCL error", &kNcclError},
    {"ncclSystemError", &kNcclError},
    {"ncclRemoteError", &kNcclError},
    {"ncclInternalError", &kNcclError},
    {"ncclUnhandledCudaError", &kNcclError},
    {"device-side assert", &kCudaAssert},
    {"invalid device ordinal", &kCudaDevice},
    {"CUDA error", &kCudaFault},
    {"HIP error", &kCudaFault},
    {"uncorrectable ECC", &kCudaFault},
    {"[Errno 28]", &kDiskFull},
    {"No space left on device", &kDiskFull},
    {"StorageFull", &kDiskFull},
    {"PytorchStreamWriter failed writing", &kDiskFull},
    {"file write failed", &kDiskFull},
    {"[Errno 122]", &kDiskFull},
    {"Disk quota exceeded", &kDiskFull},
    {"gated repo", &kHfAuth},
    {"401 Client Error", &kHfAuth},
    {"403 Client Error", &kHfAuth},
    {"Invalid user token", &kHfAuth},
    {"404 Client Error", &kHfNotFound},
    {"is not a local folder and is not a valid model identifier", &kHfNotFound},
    {"doesn't exist on the Hub", &kHfNotFound},
    {"429 Client Error", &kNetwork},
    {"couldn't connect to 'https://huggingface.co'", &kNetwork},
    {"HTTPSConnectionPool(", &kNetwork},
    {"is killed by signal: Killed", &kOomHost},
    {"is killed by signal: Bus error", &kSharedMemory},
    {"unable to open shared memory object", &kSharedMemory},
    {"Cannot allocate memory", &kOomHost},
    {"can't allocate memory", &kOomHost},
    {"std::bad_alloc", &kOomHost},
    {"got signal: 2", &kSigint},
    {"got signal: 1 ", &kSighup},
    {"got signal: ", &kSigterm},
};

// Lines that say it without an exception; those without a fault only have to be seen. Each such line has a capital or
// ": error: " somewhere, see is_telling().
constexpr Sign kLines[] = {
    {"Traceback (most recent call last)", nullptr},
    {"During handling of the above exception", nullptr},
    {"The above exception was the direct cause", nullptr},
    {"Exception ignored in", nullptr},
    {"Exception in thread", nullptr},
    {"--- Logging error ---", nullptr},
    {"Error in sys.excepthook", nullptr},
    {"Error in atexit._run_exitfuncs", nullptr},
    {"Stack (most recent call last)", nullptr},
    {"File \"", nullptr},
    {"terminate called after throwing an instance of", nullptr},
    {"CUDA out of memory. Tried to allocate", &kOomGpu},
    {"HIP out of memory. Tried to allocate", &kOomGpu},
    {"Signal 9 (SIGKILL)", &kKilled},
    {"failed (exitcode: -9)", &kKilled},
    {"exits with return code = -9", &kKilled},
    {"OOMKilled", &kOomHost},
    {"exited with code 137", &kKilled},
    {"exit code 137", &kKilled},
    {"SIGHUP death signal", &kSighup},
    {"Received 1 death signal, shutting down workers", &kSighup},
    {"Received 2 death signal, shutting down workers", &kSigint},
    {"death signal, shutting down workers", &kSigterm},
    {"Main process received SIGINT", &kSigint},
    {"Main process received SIGTERM", &kSigterm},
    {"Received SIGTERM: 15", &kSigterm},
    {"DUE TO TIME LIMIT", &kSigterm},
    {"DUE TO PREEMPTION", &kSigterm},
    {"DUE TO NODE FAILURE", &kSigterm},
    {"CANCELLED AT ", &kSigterm},
    {"Watchdog caught collective operation timeout", &kNcclTimeout},
    {"Some NCCL operations have failed or timed out", &kNcclTimeout},
    {"oom_kill event", &kOomHost},
    {"oom-kill event", &kOomHost},
    {"oom-kill:", &kOomHost},
    {"Out of memory: Killed process", &kOomHost},
    {" Segmentation fault ", &kCrash},
    {"Segmentation fault (core dumped)", &kCrash},
    {"Fatal Python error: Segmentation fault", &kCrash},
    {"Fatal Python error: Aborted", &kCrash},
    {"Fatal Python error: Bus error", &kSharedMemory},
    {"Bus error (core dumped)", &kSharedMemory},
    {"Aborted (core dumped)", &kCrash},
    {"Illegal instruction (core dumped)", &kCrash},
    {": error: unrecognized arguments", &kUsage},
    {": error: the following arguments are required", &kUsage},
    {": error: argument ", &kUsage},
    {"Root Cause (first observed failure)", &kChildFailed},
    {"failed (exitcode: ", &kChildFailed},
    {"exits with return code = ", &kChildFailed},
    {"Killed", &kKilled},
    {"KeyboardInterrupt", &kInterrupt},
};

constexpr Sign kNames[] = {
    {"OutOfMemoryError", &kOomGpu},
    {"GatedRepoError", &kHfAuth},
    {"LocalTokenNotFoundError", &kHfAuth},
    {"RepositoryNotFoundError", &kHfNotFound},
    {"RevisionNotFoundError", &kHfNotFound},
    {"LocalEntryNotFoundError", &kNetwork},
    {"EntryNotFoundError", &kHfNotFound},
    {"DatasetNotFoundError", &kHfNotFound},
    {"ConnectionError", &kNetwork},
    {"ConnectError", &kNetwork},
    {"ReadTimeout", &kNetwork},
    {"ReadTimeoutError", &kNetwork},
    {"ConnectTimeout", &kNetwork},
    {"DistBackendError", &kNcclError},
    {"SignalException", &kSigterm},
    {"ChildFailedError", &kChildFailed},
    {"CalledProcessError", &kChildFailed},
    {"SystemExit", &kChildFailed},
    {"RendezvousClosedError", &kChildFailed},
    {"DistNetworkError", &kChildFailed},
    {"MemoryError", &kOomHost},
    {"ModuleNotFoundError", &kMissing},
    {"FileNotFoundError", &kMissingFile},
    {"ProcessExitedException", &kChildFailed},
    {"ProcessRaisedException", &kChildFailed},
};

constexpr auto kLineTexts = [] {
  std::array<std::string_view, std::size(kLines)> texts;
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = kLines[i].text;
  return texts;
}();

int first_sign(std::string_view line) noexcept {
  static const SignSet signs(kLineTexts);
  return signs.first_in(line);
}

bool has(std::string_view text, std::string_view part) noexcept { return text.find(part) != std::string_view::npos; }

// "Killed", alone or as a shell reports it: "run.sh: line 3:  1234 Killed   python train.py".
bool is_killed(std::string_view text) noexcept {
  const auto at = text.find("Killed");
  if (text == "Killed") return true;
  return at != std::string_view::npos && at > 0 && text[at - 1] == ' ' && has(text.substr(0, at), ": line ");
}

}  // namespace

bool is_telling(std::string_view line) noexcept {
  return (has_capital(line) || has(line, ": error: ")) && first_sign(line) >= 0;
}

const TrainingFault* fault_of_line(std::string_view line) noexcept {
  const int sign = first_sign(line);
  if (sign < 0) return nullptr;
  const TrainingFault* fault = kLines[sign].fault;
  if (kLines[sign].text == "Killed" && !is_killed(line)) return nullptr;
  if (kLines[sign].text == "KeyboardInterrupt" && line != "KeyboardInterrupt" && line != "^CKeyboardInterrupt")
    return nullptr;
  return fault;
}

const TrainingFault* fault_of_exception(std::string_view exception, std::string_view message) noexcept {
  if (exception.ends_with("KeyboardInterrupt")) return &kInterrupt;
  // What another process said may stand in a wrapper's message.
  for (const auto& sign : kMessages)
    if (has(message, sign.text)) return sign.fault;
  for (const auto& name : kNames)
    if (exception.ends_with(name.text)) return name.fault;
  return &kException;
}

const TrainingFault* fault_of_exit_code(int64_t code) noexcept {
  switch (code) {
    case -1:
      return &kSighup;
    case -2:
      return &kSigint;
    case -7:
      return &kSharedMemory;
    case -9:
    case 137:
      return &kKilled;
    case -15:
    case 143:
      return &kSigterm;
    default:
      return code < 0 ? &kCrash : &kChildFailed;
  }
}

}  // namespace stoker::training_log
