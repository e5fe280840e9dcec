// Finding and ending every process that descends from one, wherever it hid (other sessions, other process groups).
#pragma once

#include <sys/types.h>

#include <set>
#include <vector>

namespace arbiter::worker {

// Every living descendant of `root`, parents before their children; `root` itself is not among them.
[[nodiscard]] std::vector<pid_t> descendants(pid_t root);

// Sends `signal` to every descendant of this process.
void signal_descendants(int signal);

// From now on this process is a child subreaper: what a dying descendant leaves behind becomes its child.
void adopt_orphans();

// Kills the children of this process that are not among `spared`, with all that descends from them, and collects them.
// Complete after adopt_orphans(). One that hangs in the kernel is left to its end.
void kill_children_except(const std::set<pid_t>& spared);

// Kills every descendant of this process and collects them all. Complete only in a process that is a child subreaper:
// what a dying process leaves behind comes to this one and is found by the next look.
void kill_descendants();

}  // namespace arbiter::worker
