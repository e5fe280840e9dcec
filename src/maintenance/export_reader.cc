#include "maintenance/export_reader.h"

#include <cerrno>
#include <cstring>
#include <memory>

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;

class ExportReader {
 public:
  ExportReader(std::FILE* in, std::string name) : name_(std::move(name)), lines_(in, name_) {}

  base::Result<ReadExport> run(const TakeLine& take, const Progress& progress) {
    auto first = lines_.next();
    if (!first) return fail(std::move(first.error()));
    if (!*first) return fail({ErrorCode::kInvalidState, name_ + " is empty."});
    auto header = read_header(**first);
    if (!header) return fail({header.error().code, name_ + " cannot be used: " + header.error().message + "."});
    read_.header = std::move(*header);
    for (bool is_over = false; !is_over;) {
      lines_.hash_line();
      auto next = lines_.next();
      if (!next) return fail(std::move(next.error()));
      if (!*next) return fail({ErrorCode::kInvalidState, name_ + " is truncated: its last line is missing."});
      auto line = read_line(**next);
      if (!line) return fail(at_line(line.error()));
      if (progress && lines_.number() % kProgressLines == 0) progress(lines_.number());
      if (const auto* end = std::get_if<EndLine>(&*line)) {
        if (auto whole = check_end(*end); !whole) return fail(std::move(whole.error()));
        is_over = true;
        continue;
      }
      if (auto fits = check_order(*line); !fits) return fail(at_line(fits.error()));
      count(*line, read_.counts);
      if (auto taken = take(std::move(*line)); !taken) return fail(at_line(taken.error()));
    }
    return std::move(read_);
  }

 private:
  base::Error at_line(const base::Error& why) const {
    return {why.code, "Line " + std::to_string(lines_.number()) + " of " + name_ + " cannot be used: " + why.message +
                          (why.message.ends_with('.') ? "" : ".")};
  }

  // Positions of the log grow, and none is above the one that the header names.
  base::Result<void> check_order(const ExportLine& line) {
    const auto* event = std::get_if<EventLine>(&line);
    if (event == nullptr) return {};
    if (event->position > position_ && event->position <= static_cast<std::uint64_t>(read_.header.position)) {
      position_ = event->position;
      return {};
    }
    return fail({ErrorCode::kIoError, "its position " + std::to_string(event->position) + " does not lie between " +
                                          std::to_string(position_) + " and " + std::to_string(read_.header.position)});
  }

  base::Result<void> check_end(const EndLine& end) {
    if (end.sha256 != lines_.sha256()) {
      return fail({ErrorCode::kIoError, name_ + " is damaged: its lines are not those that were written, by their "
                                                "SHA-256."});
    }
    if (!(end.counts == read_.counts)) {
      return fail({ErrorCode::kIoError, name_ + " is damaged: it has other numbers of lines than its last one says."});
    }
    auto more = lines_.next();
    if (more && !*more) return {};
    return fail({ErrorCode::kIoError, name_ + " is damaged: something stands behind its last line."});
  }

  const std::string name_;
  LineReader lines_;
  ReadExport read_;
  store::Position position_ = 0;
};

}  // namespace

base::Result<ReadExport> read_export(const std::filesystem::path& file, const TakeLine& take,
                                     const Progress& progress) {
  if (file == "-") return ExportReader(stdin, "stdin").run(take, progress);
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> in(std::fopen(file.c_str(), "rbe"), &std::fclose);
  if (!in) {
    return fail({ErrorCode::kNotFound, "Could not open " + file.string() + ": " + std::strerror(errno) + "."});
  }
  return ExportReader(in.get(), file.string()).run(take, progress);
}

}  // namespace arbiter::maintenance
