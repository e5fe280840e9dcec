// W3C Trace Context (https://www.w3.org/TR/trace-context/): which trace a piece of work belongs to, and the span that
// caused it. As text it is a `traceparent`: 00-TRACE-SPAN-FLAGS, in lower-case hexadecimal.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace arbiter::base {

struct TraceContext {
  std::array<std::uint64_t, 2> trace{};  // never all zero
  std::uint64_t span = 0;                // never zero
  bool sampled = false;

  // Nothing when the text is no valid traceparent: whoever got it begins a trace of its own. Later versions are read
  // as far as this one goes.
  [[nodiscard]] static std::optional<TraceContext> parse(std::string_view text);
  [[nodiscard]] std::string text() const;      // traceparent
  [[nodiscard]] std::string trace_id() const;  // 32 digits
  // The `n`th span below this one: the same for whoever asks, so that nobody has to remember it.
  [[nodiscard]] TraceContext child(std::uint64_t n) const;
  // True for a share of all traces, the same ones wherever it is asked.
  [[nodiscard]] bool is_chosen(double ratio) const;
};

// 16 hexadecimal digits.
[[nodiscard]] std::string span_id_text(std::uint64_t span);

inline constexpr std::size_t kTraceparentBytes = 55;

}  // namespace arbiter::base
