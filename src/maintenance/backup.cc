#include "maintenance/backup.h"

#include "core/state.h"
#include "maintenance/data_directory.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/files.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

base::Result<BackupEntry> copy_one(const path& data, const path& to, const std::string& name) {
  const path copy = file_of(to, name);
  auto found = store::sqlite::copy_database(file_of(data, name), copy);
  if (!found) return fail(std::move(found.error()));
  if (auto readable = check_records(copy); !readable) return fail(std::move(readable.error()));
  auto hash = hash_of(copy);
  if (!hash) return fail(std::move(hash.error()));
  return BackupEntry{name, static_cast<std::int64_t>(std::filesystem::file_size(copy)), std::move(*hash),
                     static_cast<std::int64_t>(found->head)};
}

base::Result<void> make_directories(const path& directory) {
  auto& files = store::system_files();
  for (const path& one : {directory, directory / "namespaces"}) {
    if (auto made = files.make_directory(one); !made) return fail(std::move(made.error()));
  }
  return {};
}

base::Result<void> finish(const path& partial, const path& target) {
  auto& files = store::system_files();
  for (const path& one : {partial / "namespaces", partial}) {
    if (auto synced = files.sync_directory(one); !synced) return synced;
  }
  if (auto moved = files.rename(partial, target); !moved) return moved;
  return files.sync_directory(target.parent_path());
}

}  // namespace

base::Result<void> check_records(const path& file) {
  core::State state(core::CoreLimits{}, 1);
  base::Result<void> readable;
  auto visited = store::sqlite::visit_live(file, [&](const store::LoadedEntity& e) {
    if (readable) readable = state.load({e.kind, e.id, e.body, e.document, e.spec, e.document_body, e.document_bytes});
  });
  if (!visited) return visited;
  if (!readable) return fail({ErrorCode::kIoError, file.string() + " is damaged: " + readable.error().message});
  state.finish_load(0);
  return {};
}

base::Result<Manifest> back_up(const path& data, const path& target, const base::Clock& clock) {
  const path full = std::filesystem::absolute(target).lexically_normal();
  if (std::filesystem::exists(full)) {
    return fail({ErrorCode::kInvalidState, full.string() + " is there already. Name a directory that does not exist."});
  }
  Manifest manifest;
  manifest.arbiter_version = ARBITER_VERSION;
  manifest.began_at = clock.wall();
  auto names = namespaces_in(data);
  if (!names) return fail(std::move(names.error()));
  const path partial = full.string() + ".partial";
  std::error_code ignored;
  std::filesystem::remove_all(partial, ignored);
  if (auto made = make_directories(partial); !made) return fail(std::move(made.error()));
  base::Result<void> done;
  for (const auto& name : *names) {
    auto entry = copy_one(data, partial, name);
    if (!entry) {
      done = fail(std::move(entry.error()));
      break;
    }
    manifest.namespaces.push_back(std::move(*entry));
  }
  manifest.ended_at = clock.wall();
  if (done) done = write_manifest(partial, manifest);
  if (done) done = finish(partial, full);
  if (done) return manifest;
  std::filesystem::remove_all(partial, ignored);
  return fail(std::move(done.error()));
}

base::Result<Manifest> verify_backup(const path& backup) {
  auto manifest = read_manifest(backup);
  if (!manifest) return manifest;
  for (const auto& entry : manifest->namespaces) {
    if (!base::is_name(entry.name)) {
      return fail({ErrorCode::kInvalidState, "The backup names a namespace that cannot be: " + entry.name});
    }
    const path file = file_of(backup, entry.name);
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(file, missing);
    if (missing) return fail(store::sqlite::damaged(file, "it is missing."));
    if (static_cast<std::int64_t>(bytes) != entry.bytes) {
      return fail(store::sqlite::damaged(
          file, "it has " + std::to_string(bytes) + " bytes instead of " + std::to_string(entry.bytes) + "."));
    }
    auto hash = hash_of(file);
    if (!hash) return fail(std::move(hash.error()));
    if (*hash != entry.sha256) return fail(store::sqlite::damaged(file, "its SHA-256 is not the one of the manifest."));
    auto found = store::sqlite::check_database(file);
    if (!found) return fail(std::move(found.error()));
    if (auto readable = check_records(file); !readable) return fail(std::move(readable.error()));
  }
  return manifest;
}

}  // namespace arbiter::maintenance
