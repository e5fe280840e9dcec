// Reads an export from its first line to its last, and believes none of it.
#pragma once

#include <functional>

#include "maintenance/export.h"

namespace arbiter::maintenance {

using TakeLine = std::function<base::Result<void>(ExportLine&& line)>;

struct ReadExport {
  ExportHeader header;
  ExportCounts counts;
};

// Hands every record to `take`, in the order of the file, and checks the trailer last: whatever was made of the records
// counts only when this succeeds. `-` is stdin. Errors name the file, and the line when one is to blame.
[[nodiscard]] base::Result<ReadExport> read_export(const std::filesystem::path& file, const TakeLine& take,
                                                   const Progress& progress);

}  // namespace arbiter::maintenance
