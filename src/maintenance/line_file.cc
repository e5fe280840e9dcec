#include "maintenance/line_file.h"

#include <cerrno>
#include <cstring>

namespace arbiter::maintenance {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1024} * 1024;

}  // namespace

void LineWriter::note_failure() {
  const bool is_full = errno == ENOSPC || errno == EDQUOT;
  outcome_ = fail(
      {is_full ? ErrorCode::kNoSpace : ErrorCode::kIoError, "Could not write " + name_ + ": " + std::strerror(errno)});
}

void LineWriter::write(std::string_view line) {
  if (!outcome_) return;
  if (line.size() > line_bytes_max_) {
    outcome_ = fail({ErrorCode::kTooLarge, "Line " + std::to_string(lines_ + 1) + " of " + name_ + " would have " +
                                               std::to_string(line.size()) + " bytes; the limit is " +
                                               std::to_string(line_bytes_max_) + "."});
    return;
  }
  if (std::fwrite(line.data(), 1, line.size(), out_) != line.size() || std::fputc('\n', out_) == EOF) {
    return note_failure();
  }
  ++lines_;
  bytes_ += static_cast<std::int64_t>(line.size()) + 1;
  hash_.add(line);
  hash_.add("\n");
}

void LineWriter::flush() {
  if (outcome_ && std::fflush(out_) != 0) note_failure();
}

base::Result<bool> LineReader::fill() {
  buffer_.erase(0, begin_);
  end_ -= begin_;
  begin_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kChunkBytes);
  const std::size_t got = std::fread(buffer_.data() + had, 1, kChunkBytes, in_);
  buffer_.resize(had + got);
  if (got == 0 && std::ferror(in_) != 0) {
    return fail({ErrorCode::kIoError, "Could not read " + name_ + ": " + std::strerror(errno)});
  }
  return got > 0;
}

base::Result<std::optional<std::string_view>> LineReader::next() {
  begin_ = end_;
  std::size_t searched = end_;
  for (;;) {
    const auto at = buffer_.find('\n', searched);
    const std::size_t size = (at == std::string::npos ? buffer_.size() : at) - begin_;
    if (size > line_bytes_max_) {
      return fail({ErrorCode::kTooLarge, "Line " + std::to_string(number_ + 1) + " of " + name_ + " has more than " +
                                             std::to_string(line_bytes_max_) + " bytes, which is the limit."});
    }
    if (at != std::string::npos) {
      end_ = at + 1;
      ++number_;
      return std::string_view(buffer_).substr(begin_, size);
    }
    searched = size;  // fill() moves the line to the front.
    auto more = fill();
    if (!more) return fail(std::move(more.error()));
    if (*more) continue;
    if (buffer_.empty()) return std::nullopt;
    return fail(
        {ErrorCode::kInvalidState, name_ + " is truncated: its line " + std::to_string(number_ + 1) + " has no end."});
  }
}

void LineReader::hash_line() { hash_.add(std::string_view(buffer_).substr(begin_, end_ - begin_)); }

}  // namespace arbiter::maintenance
