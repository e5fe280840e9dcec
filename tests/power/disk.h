// A disk that loses its power: keeps apart what is synced and what is only written, and tells what a cut may leave.
//
// What may happen to changes that were not synced: all get lost, all are there, some first ones are there and the next
// is torn, or each sector of 512 bytes stands at any of the states it went through, whatever its neighbours do. The
// size of a file and the names in a directory are such changes too. Space that a file got, and whose bytes did not
// arrive, holds zeros or what was there before it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "recording.h"
#include "sim/random.h"

namespace arbiter::power {

inline constexpr std::size_t kSectorBytes = 512;

// What is left, by path; directories have no bytes.
struct Image {
  std::map<std::string, std::string> files;
  std::vector<std::string> directories;  // Parents first.
  void write_to(const std::filesystem::path& directory) const;
};

class Disk {
 public:
  void apply(const Step& step);
  [[nodiscard]] Image cut(sim::Random& random) const;

 private:
  struct Change {
    std::vector<std::pair<std::size_t, std::string>> sectors;  // As they are after it.
    std::size_t size = 0;                                      // Of the file after it.
  };
  struct Content {
    std::string cached;   // What running programs read.
    std::string durable;  // What every cut leaves, but for
    std::vector<Change> unsynced;
  };

  void write(Content& content, std::size_t offset, const std::string& bytes);
  void truncate(Content& content, std::size_t size);
  void note(Content& content, std::size_t from, std::size_t to);
  static void sync(Content& content);
  static void apply_name(std::map<std::string, File>& names, const Step& step);
  [[nodiscard]] std::map<std::string, File> surviving_names(sim::Random& random) const;
  [[nodiscard]] static std::string survivor(const Content& content, sim::Random& random);

  std::map<File, Content> files_;
  std::map<std::string, File> names_;  // Synced.
  std::vector<Step> name_changes_;     // Not synced.
};

}  // namespace arbiter::power
