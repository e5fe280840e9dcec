// A block of the screen: a line of headings with rows under it, fitted into the columns that there are.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"

namespace arbiter::cli::top {

struct Column {
  std::string heading;
  bool right = false;
  bool stretches = false;  // takes the room that is left, and gives way first
  bool keeps_end = false;  // what is too long loses its middle: long ids differ at their end
  int rank = 0;            // with too little room the column of the highest rank is left out; 0: never
};

struct Section {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::string when_empty{};  // instead of headings and rows
};

// At most `columns` columns, its beginning and its end.
[[nodiscard]] std::string ends_of(std::string_view text, std::size_t columns);

// The headings and at most `rows_max` rows from the row `skip` on, each line of at most `columns` columns. When rows
// are left, the last line says how many.
[[nodiscard]] std::vector<std::string> lines_of(const Section& section, std::size_t columns, std::size_t rows_max,
                                                std::size_t skip, bool colours);

}  // namespace arbiter::cli::top
