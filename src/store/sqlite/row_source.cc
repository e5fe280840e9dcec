#include "store/sqlite/row_source.h"

#include <sqlite3.h>

#include <memory>
#include <string>

#include "store/sqlite/connection.h"

namespace arbiter::store::sqlite {
namespace {

// What SQLite calls a virtual table: plain structs that begin with SQLite's own part.
struct Registration {
  RowSource* source;
  std::string declaration;
};
struct Table {
  sqlite3_vtab base;
  RowSource* source;
};
struct Cursor {
  sqlite3_vtab_cursor base;
  RowSource* source;
  std::size_t row;
  std::size_t size;
};

Cursor& cursor_of(sqlite3_vtab_cursor* base) { return *reinterpret_cast<Cursor*>(base); }

int connect(sqlite3* db, void* client, int, const char* const*, sqlite3_vtab** out, char**) {
  const auto& registration = *static_cast<Registration*>(client);
  const int code = sqlite3_declare_vtab(db, registration.declaration.c_str());
  if (code == SQLITE_OK) *out = &(new Table{{}, registration.source})->base;
  return code;
}
int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<Table*>(table);
  return SQLITE_OK;
}
int best_index(sqlite3_vtab*, sqlite3_index_info* plan) {
  plan->estimatedRows = 1'000;
  plan->estimatedCost = 1'000;
  return SQLITE_OK;
}
int open(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  *out = &(new Cursor{{}, reinterpret_cast<Table*>(table)->source, 0, 0})->base;
  return SQLITE_OK;
}
int close(sqlite3_vtab_cursor* cursor) {
  delete &cursor_of(cursor);
  return SQLITE_OK;
}
int rewind(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  Cursor& cursor = cursor_of(base);
  cursor.row = 0;
  cursor.size = cursor.source->size();
  return SQLITE_OK;
}
int next(sqlite3_vtab_cursor* base) {
  ++cursor_of(base).row;
  return SQLITE_OK;
}
int at_end(sqlite3_vtab_cursor* base) {
  const Cursor& cursor = cursor_of(base);
  return cursor.row >= cursor.size ? 1 : 0;
}
int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int number) {
  const Cursor& cursor = cursor_of(base);
  cursor.source->read(cursor.row, number, Cell(context));
  return SQLITE_OK;
}
int row_id(sqlite3_vtab_cursor* base, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(cursor_of(base).row);
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module module{};
  module.xConnect = connect;  // Without xCreate the table exists by its name alone.
  module.xDisconnect = disconnect;
  module.xBestIndex = best_index;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = rewind;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_id;
  return module;
}

}  // namespace

void Cell::text(std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  sqlite3_result_text64(context_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Cell::text_copy(std::string_view value) {
  sqlite3_result_text64(context_, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Cell::integer(std::int64_t value) { sqlite3_result_int64(context_, value); }

void register_rows(Connection& connection, const char* name, const char* columns, RowSource& source) {
  static const sqlite3_module module = make_module();
  auto registration = std::make_unique<Registration>();
  registration->source = &source;
  registration->declaration = std::string("CREATE TABLE x(") + columns + ")";
  const int code = sqlite3_create_module_v2(connection.handle(), name, &module, registration.release(),
                                            [](void* client) { delete static_cast<Registration*>(client); });
  if (code != SQLITE_OK) connection.record_failure(code);
}

}  // namespace arbiter::store::sqlite
