// How often each kind of thing happened. A kind that never happens was not tested: the run fails.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/commands.h"

namespace arbiter::sim {

enum class Kind : std::uint8_t { kCommand, kEvent, kReaction, kFault, kError };
inline constexpr std::size_t kKinds = 5;

// The name of the command's struct.
[[nodiscard]] std::string_view name_of(const core::Command& command);

class Counts {
 public:
  void add(Kind kind, std::string_view name, std::uint64_t times = 1);
  void merge(const Counts& other);
  // Every name that must occur, at least at zero.
  void expect_all();
  void print() const;
  // The names that never occurred, each with its kind.
  [[nodiscard]] std::string missing() const;

 private:
  std::array<std::map<std::string, std::uint64_t, std::less<>>, kKinds> by_name_;
};

}  // namespace arbiter::sim
