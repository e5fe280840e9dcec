#include "disk.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "base/check.h"

namespace arbiter::power {
namespace {

std::string parent_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash);
}

void put_sector(std::string& content, std::size_t sector, const std::string& bytes) {
  const std::size_t end = sector * kSectorBytes + bytes.size();
  if (content.size() < end) content.resize(end);
  content.replace(sector * kSectorBytes, bytes.size(), bytes);
}

}  // namespace

void Image::write_to(const std::filesystem::path& directory) const {
  for (const auto& name : directories) std::filesystem::create_directories(directory / name);
  for (const auto& [name, bytes] : files) {
    std::ofstream out(directory / name, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    CHECK(out.flush().good());
  }
}

void Disk::apply(const Step& step) {
  switch (step.act) {
    case Act::kCreate:
      if (step.file != kDirectory) files_.try_emplace(step.file);
      name_changes_.push_back(step);
      return;
    case Act::kRemove:
    case Act::kRename:
      name_changes_.push_back(step);
      return;
    case Act::kWrite:
      return write(files_[step.file], static_cast<std::size_t>(step.offset), step.bytes);
    case Act::kTruncate:
      return truncate(files_[step.file], static_cast<std::size_t>(step.offset));
    case Act::kSync:
      return sync(files_[step.file]);
    case Act::kSyncFailed:
      files_[step.file].unsynced.clear();
      return;
    case Act::kSyncDirectory:
      std::erase_if(name_changes_, [&](const Step& change) {
        if (parent_of(change.name) != step.name) return false;
        apply_name(names_, change);
        return true;
      });
      return;
    case Act::kMark:
    case Act::kRead:
      return;
  }
}

void Disk::write(Content& content, std::size_t offset, const std::string& bytes) {
  const std::size_t end = offset + bytes.size();
  if (content.cached.size() < end) content.cached.resize(end);
  content.cached.replace(offset, bytes.size(), bytes);
  note(content, offset, end);
}

void Disk::truncate(Content& content, std::size_t size) {
  const std::size_t before = content.cached.size();
  content.cached.resize(size);
  // What was behind the end reads as zeros when the file grows again.
  content.cached.resize(std::max(size, before));
  note(content, size, std::max(size, before));
  content.cached.resize(size);
  content.unsynced.back().size = size;
}

// The sectors that hold [from, to) are as they are in the page cache.
void Disk::note(Content& content, std::size_t from, std::size_t to) {
  Change& change = content.unsynced.emplace_back();
  change.size = content.cached.size();
  for (std::size_t sector = from / kSectorBytes; sector * kSectorBytes < to; ++sector) {
    std::string bytes = content.cached.substr(sector * kSectorBytes, kSectorBytes);
    bytes.resize(kSectorBytes);
    change.sectors.emplace_back(sector, std::move(bytes));
  }
}

void Disk::sync(Content& content) {
  for (const auto& change : content.unsynced) {
    for (const auto& [sector, bytes] : change.sectors) put_sector(content.durable, sector, bytes);
  }
  content.durable.resize(content.cached.size());
  content.unsynced.clear();
}

void Disk::apply_name(std::map<std::string, File>& names, const Step& change) {
  if (change.act == Act::kCreate) {
    names[change.name] = change.file;
  } else if (change.act == Act::kRemove) {
    names.erase(change.name);
  } else if (const auto found = names.find(change.name); found != names.end()) {
    names[change.to] = found->second;
    names.erase(found);
  }
}

std::map<std::string, File> Disk::surviving_names(sim::Random& random) const {
  auto names = names_;
  const auto style = random.below(4);
  const std::size_t first = random.below(name_changes_.size() + 1);
  for (std::size_t i = 0; i < name_changes_.size(); ++i) {
    const bool survives = style == 1 || (style == 2 && i < first) || (style == 3 && random.percent(50));
    if (survives) apply_name(names, name_changes_[i]);
  }
  return names;
}

std::string Disk::survivor(const Content& content, sim::Random& random) {
  std::string out = content.durable;
  const auto style = random.below(4);
  if (style == 0 || content.unsynced.empty()) return out;
  if (style <= 2) {  // All, or some first ones and a part of the next.
    const std::size_t whole = style == 1 ? content.unsynced.size() : random.below(content.unsynced.size());
    for (std::size_t i = 0; i < whole; ++i) {
      for (const auto& [sector, bytes] : content.unsynced[i].sectors) put_sector(out, sector, bytes);
      out.resize(content.unsynced[i].size);
    }
    if (style == 1) return out;
    const Change& torn = content.unsynced[whole];
    const std::size_t kept = random.below(torn.sectors.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) put_sector(out, torn.sectors[i].first, torn.sectors[i].second);
    if (kept > 0) out.resize(std::min(out.size(), std::max(torn.size, content.durable.size())));
    return out;
  }
  std::map<std::size_t, std::vector<const std::string*>> states;
  for (const auto& change : content.unsynced) {
    for (const auto& [sector, bytes] : change.sectors) states[sector].push_back(&bytes);
  }
  const std::size_t size_of = random.below(content.unsynced.size() + 1);
  const std::size_t size = size_of == 0 ? content.durable.size() : content.unsynced[size_of - 1].size;
  const char filling = random.percent(50) ? '\0' : static_cast<char>(random.range(1, 255));
  out.resize(std::max(out.size(), size), filling);
  for (const auto& [sector, bytes] : states) {
    const std::size_t state = random.below(bytes.size() + 1);
    if (state > 0) put_sector(out, sector, *bytes[state - 1]);
  }
  out.resize(size);
  return out;
}

Image Disk::cut(sim::Random& random) const {
  Image image;
  std::set<std::string> reachable{""};
  // Parents come before what is in them.
  for (const auto& [name, file] : surviving_names(random)) {
    if (!reachable.contains(parent_of(name))) continue;
    if (file == kDirectory) {
      reachable.insert(name);
      image.directories.push_back(name);
    } else {
      image.files[name] = survivor(files_.at(file), random);
    }
  }
  return image;
}

}  // namespace arbiter::power
