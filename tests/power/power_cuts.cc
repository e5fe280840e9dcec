#include "power_cuts.h"

#include <sqlite3.h>
#include <unistd.h>

#include "../store_contract/contract.h"
#include "base/check.h"
#include "disk.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::power {
namespace {

// "ok", or what SQLite's own check of the file says.
std::string integrity(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  std::string said;
  CHECK(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  const auto keep = [](void* out, int, char** values, char**) {
    static_cast<std::string*>(out)->append(values[0]);
    return 0;
  };
  char* error = nullptr;
  if (sqlite3_exec(db, "PRAGMA integrity_check", keep, &said, &error) != SQLITE_OK) said = error;
  sqlite3_free(error);
  sqlite3_close(db);
  return said;
}

// The first line in which they differ.
std::string difference(const std::string& wanted, const std::string& found) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < wanted.size() && i < found.size() && wanted[i] == found[i]; ++i) {
    if (wanted[i] == '\n') line = i + 1;
  }
  const auto line_of = [&](const std::string& text) { return text.substr(line, text.find('\n', line) - line); };
  return "expected [" + line_of(wanted) + "], found [" + line_of(found) + "]";
}

// Empty: everything that was promised is there, and nothing else.
std::string check_namespace(store::Store& store, const std::filesystem::path& file, const std::string& name,
                            const Promise& promise, const std::vector<std::string>& states) {
  // A recovery that was cut leaves a complete copy, which the next opening takes.
  const bool is_there = std::filesystem::exists(file) || std::filesystem::exists(file.string() + ".recovered");
  if (promise.epoch > 0 && !is_there) return name + ": its file is gone";
  auto opened = store.open(name, 7);
  if (!opened) return name + ": it does not open: " + opened.error().message;
  store::Journal& journal = **opened;
  if (journal.state().epoch <= promise.epoch) return name + ": its epoch did not grow";
  if (promise.epoch == 0) return {};  // Its seed, too, was never promised.
  const std::string found = dump(journal);
  std::string whole;
  for (std::size_t n = promise.acknowledged; n <= promise.begun_transactions && whole != found; ++n)
    whole = states.at(n);
  if (whole != found) return name + ": it holds no state that was promised: " + difference(whole, found);
  store::Batch batch;
  batch.epoch = journal.state().epoch;
  batch.puts.push_back({.kind = "task", .id = "after", .body = "{}"});
  if (auto went_on = journal.commit(batch); !went_on) return name + ": it does not go on: " + went_on.error().message;
  opened->reset();
  const std::string health = integrity(file);
  return health == "ok" ? std::string() : name + ": integrity_check: " + health;
}

std::string to_text(const std::optional<base::Timestamp>& due) { return due ? std::to_string(due->ms) : "none"; }

// A deadline that is missing would be missed, one of before the namespace was used again would be wrong.
std::string check_deadlines(store::Store& store, const Promises& promises) {
  const auto resting = store.resting();
  if (!resting) return "the deadlines cannot be read: " + resting.error().message;
  std::map<std::string, base::Timestamp> kept;
  for (const auto& one : *resting) kept[one.name] = one.due;
  for (const auto& [name, promise] : promises) {
    const auto found = kept.find(name);
    const auto due = found == kept.end() ? std::nullopt : std::optional(found->second);
    if (due != promise.due_before && due != promise.due_after) {
      return name + ": its deadline is " + to_text(due) + " instead of " + to_text(promise.due_before) + " or " +
             to_text(promise.due_after);
    }
  }
  return {};
}

std::string check_image(const Image& image, const Promises& promises, const Ledger& ledger) {
  const store::TemporaryDirectory directory(quick_directory());
  image.write_to(directory.path());
  const auto data = directory.path() / "data";
  auto store = store::open_sqlite_store(data);
  if (!store) return "the store does not open: " + store.error().message;
  if (auto wrong = check_deadlines(**store, promises); !wrong.empty()) return wrong;
  for (const auto& [name, promise] : promises) {
    const auto states = ledger.states.find(name);
    auto wrong = check_namespace(**store, data / "namespaces" / (name + ".db"), name, promise,
                                 states == ledger.states.end() ? std::vector<std::string>{} : states->second);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

bool is_sync(Act act) { return act == Act::kSync || act == Act::kSyncDirectory || act == Act::kSyncFailed; }

}  // namespace

std::filesystem::path quick_directory() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

CutCounts cut_everywhere(const Recording& recording, const Ledger& ledger, sim::Random& random, int cuts_per_sync,
                         int broken_max) {
  CutCounts counts;
  Disk disk;
  Promises promises;
  const auto cut = [&](std::size_t step, const char* when) {
    ++counts.cuts;
    const std::string wrong = check_image(disk.cut(random), promises, ledger);
    if (wrong.empty()) return;
    ++counts.lost_or_broken;
    if (counts.first_broken.empty()) {
      counts.first_broken = "cut " + std::to_string(counts.cuts) + ", " + when + " step " + std::to_string(step) +
                            " (" + recording.steps()[step].name + "): " + wrong;
    }
  };
  for (std::size_t i = 0; i < recording.steps().size() && counts.lost_or_broken < broken_max; ++i) {
    const Step& step = recording.steps()[i];
    if (is_sync(step.act)) {
      ++counts.syncs;
      for (int n = 0; n < cuts_per_sync; ++n) cut(i, "before");
    } else if (random.percent(2)) {
      cut(i, "before");
    }
    disk.apply(step);
    if (step.act == Act::kMark) promises = ledger.marks.at(static_cast<std::size_t>(step.offset));
    // A mark may acknowledge what the last sync brought.
    if (is_sync(step.act) || (step.act == Act::kMark && random.percent(25))) cut(i, "after");
  }
  return counts;
}

}  // namespace arbiter::power
