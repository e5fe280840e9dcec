// Puts the lines of an export into a new journal, by the store's contract, in batches of a limited size.
#pragma once

#include <set>

#include "maintenance/export_lines.h"
#include "store/journal.h"

namespace arbiter::maintenance {

inline constexpr std::size_t kImportBatchRowsMax = 2'000;
inline constexpr std::size_t kImportBatchBytesMax = std::size_t{8} * 1024 * 1024;
// A document belongs to the event before it or to the entity behind it, which has at most a definition and a result.
inline constexpr std::size_t kLooseDocumentsMax = 8;

class ImportWriter {
 public:
  // `journal` is new: it holds nothing yet.
  explicit ImportWriter(store::Journal& journal) : journal_(journal) { begin_batch(); }

  // In the order in which they stand in the file; events at growing positions. kIoError: the line does not fit to
  // those before.
  [[nodiscard]] base::Result<void> take(ExportLine&& line);
  // What is left.
  [[nodiscard]] base::Result<void> finish();

 private:
  [[nodiscard]] base::Result<void> put(EventLine&& line);
  [[nodiscard]] base::Result<void> put(LiveLine&& line);
  [[nodiscard]] base::Result<void> put(EndedLine&& line);
  [[nodiscard]] base::Result<void> put(DocumentLine&& line);
  [[nodiscard]] base::Result<void> put(LogLineLine&& line);
  [[nodiscard]] base::Result<void> put(LogFullLine&& line);
  [[nodiscard]] base::Result<void> put(EndLine&& line);
  [[nodiscard]] base::Result<void> put_entity(store::EntityPut&& put);

  [[nodiscard]] base::Result<void> make_room(std::size_t bytes);
  [[nodiscard]] base::Result<void> flush();
  void begin_batch();
  store::LogAppend& log_of(const std::string& task);

  store::Journal& journal_;
  store::Batch batch_;
  std::set<store::EntityKey> entities_;  // in the batch
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  std::size_t loose_documents_ = 0;
  store::Position head_ = 0;  // with the batch
};

}  // namespace arbiter::maintenance
