#include "core/training_log/fault.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace stoker::training_log {
namespace {

std::string kind_of_line(std::string_view line) {
  const auto* fault = fault_of_line(line);
  if (fault != nullptr && !is_telling(line)) return "not told: " + std::string(fault->kind);
  return fault == nullptr ? "" : std::string(fault->kind);
}

TEST(Fault, OfALine) {
  const std::pair<const char*, const char*> kinds[] = {
      {"Killed", "killed"},
      {"run.sh: line 3:  77 Killed                  python train.py", "killed"},
      {"slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch.", "oom_host"},
      {"[12.3] Out of memory: Killed process 77 (python)", "oom_host"},
      {"traceback : Signal 9 (SIGKILL) received by PID 77", "killed"},
      {"[2026-01-01] [ERROR] [launch.py:1:main] process 7 exits with return code = -9", "killed"},
      {"[E ProcessGroupNCCL.cpp:6] [Rank 0] Watchdog caught collective operation timeout: W", "nccl_timeout"},
      {"slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***", "signal"},
      {"slurmstepd: error: *** STEP 7.0 ON n1 CANCELLED AT 2026-01-01T00:00:00 ***", "signal"},
      {"W api.py:1] Received Signals.SIGHUP death signal, shutting down workers", "signal"},
      {"W api.py:1] Received 15 death signal, shutting down workers", "signal"},
      {"Fatal Python error: Segmentation fault", "signal"},
      {"run.sh: line 1: 7 Segmentation fault      (core dumped) python train.py", "signal"},
      {"Bus error (core dumped)", "oom_host"},
      {"train.py: error: unrecognized arguments: --lr", "exception"},
      {"train.py: error: the following arguments are required: --model", "exception"},
      {"ERROR:api:failed (exitcode: 1) local_rank: 0 (pid: 7) of binary: python", "child_failed"},
      {"ERROR:api:failed (exitcode: -9) local_rank: 0 (pid: 7) of binary: python", "killed"},
      {"KeyboardInterrupt", "keyboard_interrupt"},
  };
  for (const auto& [line, kind] : kinds) EXPECT_EQ(kind_of_line(line), kind) << line;
}

TEST(Fault, LooksAlikeAndIsNone) {
  for (const char* line :
       {"", "{'loss': 1.0, 'grad_norm': 0.5, 'learning_rate': 1e-05, 'epoch': 0.1}",
        " 50%|#####     | 5/10 [00:05<00:05,  1.00it/s]", "The Killed and the Missing: a novel",
        "Sending process 7 closing signal SIGTERM", "press ^C for a KeyboardInterrupt to be raised",
        "[rank0]:[W ProcessGroupNCCL.cpp:1250] Warning: WARNING: process group has NOT been destroyed",
        "Guessing device ID based on global rank. This can cause a hang", "Unsloth: Not an error, but",
        "eval_error: 0.5", "0 errors"})
    EXPECT_EQ(fault_of_line(line), nullptr) << line;
}

TEST(Fault, OfAnException) {
  const std::tuple<const char*, const char*, const char*> kinds[] = {
      {"torch.OutOfMemoryError", "CUDA out of memory.", "oom_gpu"},
      {"RuntimeError", "HIP out of memory. Tried", "oom_gpu"},
      {"RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling", "oom_gpu"},
      {"OSError", "[Errno 28] No space left on device: 'a'", "disk_full"},
      {"safetensors_rust.SafetensorError", "Error: IoError(Os { code: 28, kind: StorageFull })", "disk_full"},
      {"RuntimeError", "[enforce fail at inline_container.cc:672] . unexpected pos, file write failed", "disk_full"},
      {"KeyboardInterrupt", "", "keyboard_interrupt"},
      {"ValueError", "bad", "exception"},
      {"huggingface_hub.errors.GatedRepoError", "403 Client Error.", "hf_auth"},
      {"OSError", "You are trying to access a gated repo.", "hf_auth"},
      {"a.RepositoryNotFoundError", "404 Client Error.", "hf_not_found"},
      {"datasets.exceptions.DatasetNotFoundError", "Dataset 'a' doesn't exist on the Hub", "hf_not_found"},
      {"huggingface_hub.errors.LocalEntryNotFoundError", "offline", "network"},
      {"requests.exceptions.ConnectionError", "no", "network"},
      {"RuntimeError", "CUDA error: device-side assert triggered", "cuda_error"},
      {"RuntimeError", "CUDA error: an illegal memory access was encountered", "cuda_error"},
      {"RuntimeError", "CUDA error: invalid device ordinal", "cuda_error"},
      {"torch.distributed.DistBackendError", "NCCL error in: x.cpp", "nccl_error"},
      {"a.SignalException", "Process 3 got signal: 15", "signal"},
      {"RuntimeError", "DataLoader worker (pid 7) is killed by signal: Killed. ", "oom_host"},
      {"RuntimeError", "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible", "oom_host"},
      {"subprocess.CalledProcessError", "Command '[a]' returned non-zero exit status 1.", "child_failed"},
      {"ModuleNotFoundError", "No module named 'a'", "exception"},
  };
  for (const auto& [exception, message, kind] : kinds)
    EXPECT_EQ(fault_of_exception(exception, message)->kind, kind) << exception << ": " << message;
}

// docs/diagnosis.md is a contract: each kind stands in it, and so does whether it is worth a second try.
TEST(Fault, IsDocumented) {
  std::ifstream file(STOKER_SOURCE_DIR "/docs/diagnosis.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const std::pair<const TrainingFault*, const char*> faults[] = {
      {fault_of_exception("x", "CUDA out of memory"), "no"},
      {fault_of_exception("x", "is killed by signal: Killed"), "unknown"},
      {fault_of_line("Killed"), "unknown"},
      {fault_of_line("Watchdog caught collective operation timeout"), "yes"},
      {fault_of_exception("x", "NCCL error"), "yes"},
      {fault_of_exception("x", "device-side assert"), "no for an assert"},
      {fault_of_exception("x", "Disk quota exceeded"), "unknown"},
      {fault_of_exception("x", "gated repo"), "no"},
      {fault_of_exception("x", "404 Client Error"), "no"},
      {fault_of_exception("ConnectionError", ""), "yes"},
      {fault_of_exception("x", "got signal: 15"), "yes"},
      {fault_of_exception("KeyboardInterrupt", ""), "no"},
      {fault_of_exception("ValueError", ""), "no"},
      {fault_of_exit_code(1), "unknown"}};
  for (const auto& [fault, retry] : faults) {
    const size_t row = page.find("| `" + std::string(fault->kind) + "` |");
    ASSERT_NE(row, std::string::npos) << fault->kind;
    const std::string line = page.substr(row, page.find('\n', row) - row);
    EXPECT_TRUE(line.substr(line.rfind('|', line.size() - 2)).starts_with("| " + std::string(retry))) << line;
  }
}

TEST(Fault, WhetherToTryAgain) {
  EXPECT_EQ(fault_of_exception("RuntimeError", "CUDA error: device-side assert triggered")->retry, Retry::no);
  EXPECT_EQ(fault_of_exception("RuntimeError", "CUDA error: an illegal memory access")->retry, Retry::yes);
  EXPECT_EQ(fault_of_exception("a.SignalException", "Process 3 got signal: 15")->retry, Retry::yes);
  EXPECT_EQ(fault_of_exception("a.SignalException", "Process 3 got signal: 2")->retry, Retry::no);
  EXPECT_EQ(fault_of_exit_code(-15)->retry, Retry::yes);
  EXPECT_EQ(fault_of_exit_code(-9)->kind, "killed");
  EXPECT_EQ(fault_of_exit_code(-7)->kind, "oom_host");
  EXPECT_EQ(fault_of_exit_code(-11)->kind, "signal");
  EXPECT_EQ(fault_of_exit_code(1)->kind, "child_failed");
}

}  // namespace
}  // namespace stoker::training_log
