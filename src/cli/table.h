// Text for people: aligned tables, durations and ages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/values.h"
#include "cli/characters.h"

namespace arbiter::cli {

enum class Colour { kNone, kGreen, kRed, kYellow, kCyan, kGrey, kBold };

struct Cell {
  std::string text;
  Colour colour = Colour::kNone;
  // Implicit, so that rows are lists of texts.
  Cell(std::string t, Colour c = Colour::kNone) : text(std::move(t)), colour(c) {}
  Cell(const char* t) : text(t) {}
};

// Columns as wide as their widest cell, two spaces apart; a header that starts with '>' is right-aligned. Control
// characters show as '?', so that no cell can move the cursor.
class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(bool colours) const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

[[nodiscard]] std::string coloured(std::string_view text, Colour colour, bool colours);
[[nodiscard]] Colour state_colour(std::string_view state);

// 350ms, 1.2s, 12s, 3m05s, 2h10m, 3d04h.
[[nodiscard]] std::string human_duration(std::int64_t ms);
// How long before `now` an RFC 3339 time was ("in 5s" when it is to come); "" when `time` is not one.
[[nodiscard]] std::string human_age(std::string_view time, base::Timestamp now);
// `500ms`, `10s`, `5m`, `2h`, `1d`, or a number of milliseconds; -1 when `text` is none of these.
[[nodiscard]] std::int64_t parse_duration(std::string_view text);

}  // namespace arbiter::cli
