// Rows that C++ holds, readable in SQL as a table: `INSERT INTO events SELECT * FROM batch_events`.
//
// One statement then writes all rows of a batch: the cursors stay where they are between rows and nothing is bound or
// reset per row. Measured against one prepared statement per row: 340 k instead of 245 k submits/s.
#pragma once

#include <cstdint>
#include <string_view>

struct sqlite3_context;

namespace arbiter::store::sqlite {

class Connection;

// Where a column's value goes.
class Cell {
 public:
  explicit Cell(sqlite3_context* context) : context_(context) {}
  void text(std::string_view value);  // Must live until the statement has run.
  void text_copy(std::string_view value);
  void integer(std::int64_t value);
  void integer(std::uint64_t value) { integer(static_cast<std::int64_t>(value)); }

 private:
  sqlite3_context* context_;
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  virtual void read(std::size_t row, int column, Cell cell) const = 0;
};

// Makes `source` the table `name` with these columns ("position, type, ..."). The source must outlive the connection.
void register_rows(Connection& connection, const char* name, const char* columns, RowSource& source);

}  // namespace arbiter::store::sqlite
