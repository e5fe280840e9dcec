#include "base/trace_context.h"

#include "base/ids.h"

namespace arbiter::base {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

// Lower case only, as the standard says.
std::optional<std::uint64_t> read_hex(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = (value << 4) | digit;
  }
  return value;
}

void write_hex(std::uint64_t value, std::size_t digits, std::string& out) {
  for (std::size_t i = digits; i-- > 0;) out += kDigits[(value >> (4 * i)) & 15];
}

}  // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view text) {
  if (text.size() < kTraceparentBytes || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = read_hex(text.substr(0, 2));
  if (!version || *version == 0xff) return std::nullopt;
  const bool longer = text.size() > kTraceparentBytes;
  if (longer && (*version == 0 || text[kTraceparentBytes] != '-')) return std::nullopt;
  const auto high = read_hex(text.substr(3, 16));
  const auto low = read_hex(text.substr(19, 16));
  const auto span = read_hex(text.substr(36, 16));
  const auto flags = read_hex(text.substr(53, 2));
  if (!high || !low || !span || !flags) return std::nullopt;
  if ((*high == 0 && *low == 0) || *span == 0) return std::nullopt;
  return TraceContext{{*high, *low}, *span, (*flags & 1) != 0};
}

std::string TraceContext::text() const {
  std::string out;
  out.reserve(kTraceparentBytes);
  out += "00-";
  write_hex(trace[0], 16, out);
  write_hex(trace[1], 16, out);
  out += '-';
  write_hex(span, 16, out);
  out += sampled ? "-01" : "-00";
  return out;
}

std::string TraceContext::trace_id() const { return text().substr(3, 32); }

TraceContext TraceContext::child(std::uint64_t n) const {
  TraceContext below = *this;
  below.span = mix(span ^ mix(n + 1));
  if (below.span == 0) below.span = 1;
  return below;
}

bool TraceContext::is_chosen(double ratio) const {
  if (ratio >= 1.0) return true;
  // The second half is random in every kind of trace id.
  return static_cast<double>(trace[1] >> 11) < ratio * static_cast<double>(std::uint64_t{1} << 53);
}

std::string span_id_text(std::uint64_t span) {
  std::string out;
  write_hex(span, 16, out);
  return out;
}

}  // namespace arbiter::base
