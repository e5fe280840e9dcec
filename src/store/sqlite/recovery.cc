#include "store/sqlite/recovery.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/database_file.h"

namespace arbiter::store::sqlite {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

path beside(const path& file, const std::string& ending) { return file.string() + ending; }

// Nothing that was acknowledged may be missing.
base::Result<void> compare(const Contents& found, const JournalState& last, const path& file) {
  if (last.epoch != 0 && found.epoch > last.epoch) {
    return fail({ErrorCode::kFenced,
                 "A newer owner, of epoch " + std::to_string(found.epoch) + ", has taken " + file.string() + " over."});
  }
  const bool same = last.seed == 0 || found.seed == last.seed;
  if (same && found.epoch >= last.epoch && found.head >= last.head) return {};
  return fail(damaged(file, "it holds the events up to " + std::to_string(found.head) + " of epoch " +
                                std::to_string(found.epoch) + ", but those up to " + std::to_string(last.head) +
                                " of epoch " + std::to_string(last.epoch) + " were committed"));
}

base::Result<Contents> copy_complete(const path& file, const path& copy, const JournalState& last,
                                     const SqliteOptions& options) {
  auto source = Connection::open(file, Use::kRead, options);
  if (!source) return fail(std::move(source.error()));
  auto found = check_database(**source, file);
  if (!found) return found;
  if (auto complete = compare(*found, last, file); !complete) return fail(std::move(complete.error()));
  auto made = options.files->create(copy);
  if (!made) return fail(std::move(made.error()));
  {
    // Reads every row and writes it anew; that SQLite syncs it is not promised.
    Statement vacuum(**source, "VACUUM INTO ?");
    const std::string into = copy.string();
    vacuum.bind(into).run();
  }
  if (!(*source)->ok()) return fail((*source)->take_error("copy the database"));
  return found;
}

// Numbers of the files kept aside, ascending.
std::vector<int> kept_numbers(const path& file) {
  const std::string prefix = file.filename().string() + ".failed-";
  std::vector<int> numbers;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    int number = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, number);
    if (parsed.ec == std::errc{} && parsed.ptr == end) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

base::Result<void> remove_oldest(const path& file, Files& files) {
  auto numbers = kept_numbers(file);
  while (numbers.size() > kFailedFilesMax) {
    const path oldest = beside(file, ".failed-" + std::to_string(numbers.front()));
    for (const char* ending : {"-wal", ""}) {
      if (auto removed = files.remove(beside(oldest, ending)); !removed) return removed;
    }
    numbers.erase(numbers.begin());
  }
  return files.sync_directory(file.parent_path());
}

}  // namespace

base::Result<std::string> finish_recovery(const path& file, Files& files) {
  const path recovered = beside(file, ".recovered");
  if (!std::filesystem::exists(recovered)) return std::string();
  const auto numbers = kept_numbers(file);
  const path kept = beside(file, ".failed-" + std::to_string(numbers.empty() ? 1 : numbers.back() + 1));
  // The log goes first and for good: SQLite would take it for the log of whatever is called NAME.db.
  if (std::filesystem::exists(beside(file, "-wal"))) {
    if (auto moved = files.rename(beside(file, "-wal"), beside(kept, "-wal")); !moved) return fail(moved.error());
  }
  if (auto removed = files.remove(beside(file, "-shm")); !removed) return fail(removed.error());
  if (auto synced = files.sync_directory(file.parent_path()); !synced) return fail(synced.error());
  if (std::filesystem::exists(file)) {
    if (auto moved = files.rename(file, kept); !moved) return fail(moved.error());
  }
  if (auto moved = files.rename(recovered, file); !moved) return fail(moved.error());
  if (auto synced = files.sync_directory(file.parent_path()); !synced) return fail(synced.error());
  if (auto removed = remove_oldest(file, files); !removed) return fail(removed.error());
  return kept.string();
}

base::Result<std::string> recover_database(const path& file, const JournalState& last, const SqliteOptions& options) {
  Files& files = *options.files;
  if (auto finished = finish_recovery(file, files); !finished || !finished->empty()) return finished;
  const path copy = beside(file, ".copy");
  for (const char* ending : {"-journal", ""}) {
    if (auto removed = files.remove(beside(copy, ending)); !removed) return fail(std::move(removed.error()));
  }
  auto wanted = copy_complete(file, copy, last, options);
  if (!wanted) return fail(std::move(wanted.error()));
  if (auto synced = files.sync_file(copy); !synced) return fail(std::move(synced.error()));
  {
    auto connection = Connection::open(copy, Use::kRead, options);
    if (!connection) return fail(std::move(connection.error()));
    auto found = check_database(**connection, copy);
    if (!found) return fail(std::move(found.error()));
    if (*found != *wanted) return fail(damaged(copy, "it is not what was copied from " + file.string()));
  }
  if (auto moved = files.rename(copy, beside(file, ".recovered")); !moved) return fail(std::move(moved.error()));
  if (auto synced = files.sync_directory(file.parent_path()); !synced) return fail(std::move(synced.error()));
  return finish_recovery(file, files);
}

}  // namespace arbiter::store::sqlite
