// Bytes that programs write, made fit for JSON and for log lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace arbiter::worker {

inline constexpr std::size_t kLineBytesMax = std::size_t{8} * 1024;

// `bytes` with everything that is not UTF-8, and NUL, replaced by U+FFFD.
[[nodiscard]] std::string clean_utf8(std::string_view bytes);

// Cuts a stream into lines of at most kLineBytesMax bytes; a carriage return before a newline is dropped.
class LineCutter {
 public:
  // The lines that `bytes` completes.
  [[nodiscard]] std::vector<std::string> add(std::string_view bytes);
  // The last line when it had no newline; empty when there is none.
  [[nodiscard]] std::string rest();

 private:
  std::string open_;
};

}  // namespace arbiter::worker
