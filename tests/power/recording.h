// Everything that a store did to its files, in order: what was written, what was synced, and marks of those who watch.
// From it `Disk` tells what a power cut at any moment may leave. Faults are injected here too.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace arbiter::power {

using File = std::uint64_t;  // An inode: a name may come to mean another file.
inline constexpr File kDirectory = 0;

enum class Act : std::uint8_t {
  kCreate,         // `name` now means `file`, or is a directory
  kWrite,          // `bytes` at `offset`
  kTruncate,       // to `offset`
  kSync,           // what was written to `file`
  kSyncFailed,     // none of it, nor will a later sync: the page cache takes it for written
  kRemove,         // `name`
  kRename,         // `name` to `to`
  kSyncDirectory,  // the names in the directory `name`
  kMark,           // `offset` is the number of the mark
  kRead,           // only for faults: reads are not recorded
};
struct Step {
  Act act{};
  File file = kDirectory;
  std::string name{};  // A path from the root of what is recorded.
  std::string to{};
  std::int64_t offset = 0;
  std::string bytes{};
};

// Called by any thread.
class Recording {
 public:
  explicit Recording(std::string root) : root_(std::move(root)) {}

  void add(Step step);
  void mark(std::size_t number) { add({.act = Act::kMark, .offset = static_cast<std::int64_t>(number)}); }
  // The file of this path, made by now if need be; nothing when it is not below the root.
  std::optional<File> opened(const std::string& path);
  void created(const std::string& path, File file);
  void removed(const std::string& path);
  void renamed(const std::string& path, const std::string& to);
  void directory_synced(const std::string& path);
  [[nodiscard]] bool knows(const std::string& path) const;
  [[nodiscard]] File new_file();

  // The operation `act` on a file whose path ends in `suffix` fails from now on with EIO: after `after` more that work,
  // so many `times`.
  void fail(Act act, std::string suffix, int after = 0, int times = 1'000'000);
  void heal();
  // Asked before each operation: whether it is to fail.
  [[nodiscard]] bool fails(Act act, const std::string& path);
  [[nodiscard]] int failures() const;

  // Only when nothing is recorded any more.
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

 private:
  struct Fault {
    Act act;
    std::string suffix;
    int after;
    int times;
  };
  [[nodiscard]] std::optional<std::string> relative(const std::string& path) const;

  const std::string root_;
  mutable std::mutex mutex_;
  std::vector<Step> steps_;
  std::map<std::string, File> names_;  // As running programs see them.
  File next_file_ = kDirectory + 1;
  std::vector<Fault> faults_;
  int failures_ = 0;
};

}  // namespace arbiter::power
