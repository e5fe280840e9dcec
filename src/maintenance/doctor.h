// What can be wrong with a data directory and the machine below it, before it hurts. Reads only; a server may run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace arbiter::maintenance {

BOOST_DEFINE_ENUM_CLASS(Verdict, kOk, kWarning, kFailed)

struct Finding {
  std::string check;  // disk, clock, openFiles, permissions, store, namespace:NAME, ...
  Verdict verdict = Verdict::kOk;
  std::string detail;                 // what was seen
  std::optional<std::string> advice;  // what to do
};
BOOST_DESCRIBE_STRUCT(Finding, (), (check, verdict, detail, advice))
struct Diagnosis {
  Verdict verdict = Verdict::kOk;  // the worst
  std::vector<Finding> findings;
};
BOOST_DESCRIBE_STRUCT(Diagnosis, (), (verdict, findings))

struct DoctorOptions {
  std::filesystem::path data;   // a data directory, or a backup
  bool verify = false;          // read every database wholly
  std::int64_t open_files = 0;  // that a server with this configuration may need
};

// Less free space than this is a warning.
inline constexpr std::int64_t kFreeBytesMin = 1024LL * 1024 * 1024;

[[nodiscard]] Diagnosis examine(const DoctorOptions& options, const base::Clock& clock);
void add(Diagnosis& diagnosis, Finding finding);

}  // namespace arbiter::maintenance
