// Files of lines, read and written as a stream: no more than one line is in memory. Both sides keep the SHA-256 of what
// went through.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "maintenance/sha256.h"

namespace arbiter::maintenance {

// A payload or a result is at most 64 MiB, and is written as it is; the text of a line of a task's log, 10 MiB, may
// take six times as many with escapes.
inline constexpr std::size_t kLineBytesMax = std::size_t{96} * 1024 * 1024;

class LineWriter {
 public:
  // `out` stays the caller's; `name` is for errors.
  LineWriter(std::FILE* out, std::string name, std::size_t line_bytes_max = kLineBytesMax)
      : out_(out), name_(std::move(name)), line_bytes_max_(line_bytes_max) {}
  // After a failure nothing is written any more; outcome() has it.
  void write(std::string_view line);
  void flush();
  [[nodiscard]] const base::Result<void>& outcome() const { return outcome_; }
  [[nodiscard]] std::int64_t lines() const { return lines_; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }
  // Of all lines so far, with their ends.
  [[nodiscard]] std::string sha256() { return hash_.end(); }

 private:
  void note_failure();

  std::FILE* out_;
  std::string name_;
  const std::size_t line_bytes_max_;
  base::Result<void> outcome_{};
  std::int64_t lines_ = 0;
  std::int64_t bytes_ = 0;
  Sha256 hash_;
};

class LineReader {
 public:
  LineReader(std::FILE* in, std::string name, std::size_t line_bytes_max = kLineBytesMax)
      : in_(in), name_(std::move(name)), line_bytes_max_(line_bytes_max) {}
  // The next line without its end, valid until the next call; empty at the end of the file.
  // kInvalidState: the last line has no end. kTooLarge, kIoError.
  [[nodiscard]] base::Result<std::optional<std::string_view>> next();
  [[nodiscard]] std::int64_t number() const { return number_; }  // of the line that came last, from 1
  // Adds the line that came last to what is hashed.
  void hash_line();
  [[nodiscard]] std::string sha256() { return hash_.end(); }

 private:
  [[nodiscard]] base::Result<bool> fill();  // false: there is no more

  std::FILE* in_;
  std::string name_;
  const std::size_t line_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of the line that came last
  std::size_t end_ = 0;    // after its end
  std::int64_t number_ = 0;
  Sha256 hash_;
};

}  // namespace arbiter::maintenance
