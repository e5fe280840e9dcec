#include "base/ids.h"

namespace arbiter::base {

std::string type_id(std::string_view prefix, Timestamp time, std::uint64_t high, std::uint64_t low) {
  // UUIDv7: 48 bits of time, version 7, 12 random bits, variant 10, 62 random bits.
  const std::uint64_t a = (static_cast<std::uint64_t>(time.ms) << 16) | 0x7000 | (high & 0x0fff);
  const std::uint64_t b = (low & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  static constexpr char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string out;
  out.reserve(prefix.size() + 27);
  out += prefix;
  out += '_';
  // 26 characters of 5 bits: 130 bits, the two highest are zero.
  for (int i = 25; i >= 0; --i) {
    const int shift = i * 5;
    std::uint64_t bits = 0;
    if (shift >= 64) {
      bits = a >> (shift - 64);
    } else {
      bits = b >> shift;
      if (shift > 59) bits |= a << (64 - shift);
    }
    out += alphabet[bits & 31];
  }
  return out;
}

}  // namespace arbiter::base
