// What a namespace may hold after a power cut: its state after each transaction, and which of them was acknowledged
// when.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/journal.h"

namespace arbiter::power {

// A workload names its blobs blob1, blob2, ...; a store does not list them.
inline constexpr std::size_t kBlobsMax = 60;

// All that a journal holds, as text; long bodies by their hash.
[[nodiscard]] std::string dump(store::Journal& journal);

// What is promised at one moment of a recording.
struct Promise {
  bool begun = false;                  // Somebody asked for the namespace.
  store::Epoch epoch = 0;              // Of the last ownership that was granted.
  std::size_t acknowledged = 0;        // Transactions that must be there.
  std::size_t begun_transactions = 0;  // Those that may be there.
  // When it is due while it is closed: as kept before and after what was begun last.
  std::optional<base::Timestamp> due_before{};
  std::optional<base::Timestamp> due_after{};
};
using Promises = std::map<std::string, Promise>;

struct Ledger {
  std::map<std::string, std::vector<std::string>> states;  // By namespace: after so many transactions.
  std::vector<Promises> marks;                             // By number of the mark: what holds from there on.
};

}  // namespace arbiter::power
