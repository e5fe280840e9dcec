#include "recording.h"

#include "base/check.h"

namespace arbiter::power {

std::optional<std::string> Recording::relative(const std::string& path) const {
  if (path.size() <= root_.size() || !path.starts_with(root_) || path[root_.size()] != '/') return std::nullopt;
  return path.substr(root_.size() + 1);
}

void Recording::add(Step step) {
  const std::lock_guard lock(mutex_);
  steps_.push_back(std::move(step));
}

bool Recording::knows(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto name = relative(path);
  return name && names_.contains(*name);
}

File Recording::new_file() {
  const std::lock_guard lock(mutex_);
  return next_file_++;
}

std::optional<File> Recording::opened(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto name = relative(path);
  if (!name) return std::nullopt;
  const auto known = names_.find(*name);
  if (known != names_.end()) return known->second;
  const File file = next_file_++;
  names_.emplace(*name, file);
  steps_.push_back({.act = Act::kCreate, .file = file, .name = *name});
  return file;
}

void Recording::created(const std::string& path, File file) {
  const std::lock_guard lock(mutex_);
  const auto name = relative(path);
  if (!name) return;
  names_[*name] = file;
  steps_.push_back({.act = Act::kCreate, .file = file, .name = *name});
}

void Recording::removed(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto name = relative(path);
  if (!name || names_.erase(*name) == 0) return;
  steps_.push_back({.act = Act::kRemove, .name = *name});
}

void Recording::renamed(const std::string& path, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto name = relative(path);
  const auto target = relative(to);
  if (!name || !target) return;
  const auto known = names_.find(*name);
  CHECK(known != names_.end());
  names_[*target] = known->second;
  names_.erase(*name);
  steps_.push_back({.act = Act::kRename, .name = *name, .to = *target});
}

void Recording::directory_synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (path == root_) {
    steps_.push_back({.act = Act::kSyncDirectory});
  } else if (const auto name = relative(path)) {
    steps_.push_back({.act = Act::kSyncDirectory, .name = *name});
  }
}

void Recording::fail(Act act, std::string suffix, int after, int times) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({act, std::move(suffix), after, times});
}

void Recording::heal() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

bool Recording::fails(Act act, const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (auto& fault : faults_) {
    if (fault.act != act || !path.ends_with(fault.suffix) || fault.times == 0) continue;
    if (fault.after-- > 0) continue;
    --fault.times;
    ++failures_;
    return true;
  }
  return false;
}

int Recording::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

}  // namespace arbiter::power
