// The process between a worker and a task's program: it leaves nothing behind, even when the worker is killed.
//
// The worker starts its own executable again as `task-supervisor`. The supervisor is in a session of its own and adopts
// whatever the program orphans. It ends the program when the worker says so or is gone (its end of the control pipe
// closes), and at the program's own end it kills what is left of it, removes the task's directory and exits with the
// program's exit code (128 + N for signal N).
#pragma once

#include <string_view>

namespace arbiter::worker {

inline constexpr std::string_view kSupervisorCommand = "task-supervisor";
inline constexpr int kControlFd = 3;
inline constexpr int kTerminationGraceMs = 5'000;
inline constexpr char kTerminate = 'T';  // SIGTERM to all, SIGKILL after kTerminationGraceMs
inline constexpr char kKill = 'K';       // SIGKILL at once
inline constexpr char kSuspend = 'S';    // SIGSTOP to all
inline constexpr char kResume = 'C';     // SIGCONT to all

// The whole life of a supervisor: `arbiter task-supervisor DIRECTORY_TO_REMOVE PROGRAM [ARGUMENT...]` (the directory
// may be empty), with the control pipe at kControlFd. Returns the exit code; the caller must have started no thread.
[[nodiscard]] int run_supervisor(int argc, char** argv);

}  // namespace arbiter::worker
