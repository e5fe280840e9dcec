#include "cli/run_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "cli/fields.h"

namespace arbiter::cli {

using base::ErrorCode;
using base::fail;

namespace {

bool sync_path(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

}  // namespace

Result<void> RunRecord::read() {
  std::ifstream file(path);
  if (!file) return {};
  const std::string content(std::istreambuf_iterator<char>(file), {});
  auto value = base::parse_json(content);
  if (!value || text(*value, "run").empty()) {
    return fail({ErrorCode::kInvalidRequest, "`" + path + "` is damaged; remove it and run without --resume."});
  }
  run = text(*value, "run");
  finished = at(*value, "finished") == json::value(true);
  rounds.clear();
  if (const auto* kept = at(*value, "rounds").if_object()) {
    for (const auto& [step, round] : *kept) rounds[step] = number(*kept, step);
  }
  return {};
}

Result<void> RunRecord::write(const std::string& job_file) const {
  const auto temporary = path + ".new";
  const json::value content{
      {"run", run}, {"file", job_file}, {"finished", finished}, {"rounds", json::value_from(rounds)}};
  {
    std::ofstream out(temporary);
    out << json::serialize(content) << '\n';
    if (!out.flush()) return fail({ErrorCode::kNoSpace, "`" + temporary + "` cannot be written."});
  }
  if (!sync_path(temporary)) return fail({ErrorCode::kNoSpace, "`" + temporary + "` cannot be brought to the disk."});
  std::error_code code;
  std::filesystem::rename(temporary, path, code);
  if (code) return fail({ErrorCode::kNoSpace, "`" + path + "` cannot be written: " + code.message() + "."});
  (void)sync_path(std::filesystem::path(path).parent_path().string());
  return {};
}

}  // namespace arbiter::cli
