// Ids and deterministic randomness. Nothing here reads a clock or a random device.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/values.h"

namespace arbiter::base {

// A well-mixed 64-bit hash (the finaliser of SplitMix64, Steele et al. 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// The random number `n` that belongs to log position `position` of a namespace with this seed.
[[nodiscard]] constexpr std::uint64_t random_at(std::uint64_t seed, std::uint64_t position, std::uint64_t n) {
  return mix(mix(mix(seed) ^ position) ^ n);
}

// In [0, 1).
[[nodiscard]] constexpr double unit(std::uint64_t random) { return static_cast<double>(random >> 11) * 0x1.0p-53; }

// A TypeID 0.3: `prefix_` + UUIDv7 (RFC 9562) in Crockford base32, from a time and two random words.
[[nodiscard]] std::string type_id(std::string_view prefix, Timestamp time, std::uint64_t high, std::uint64_t low);

}  // namespace arbiter::base
