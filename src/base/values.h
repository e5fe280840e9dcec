// Value types that carry their own limits. The JSON decoder checks them, the OpenAPI schemas show them.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace arbiter::base {

// An integer in [Low, High].
template <std::int64_t Low, std::int64_t High>
struct Int {
  static constexpr std::int64_t kLow = Low;
  static constexpr std::int64_t kHigh = High;
  std::int64_t value = Low > 0 ? Low : 0;
  constexpr Int() = default;
  constexpr Int(std::int64_t v) : value(v) {}  // NOLINT(google-explicit-constructor): reads as the number it is
  constexpr operator std::int64_t() const { return value; }  // NOLINT(google-explicit-constructor)
};

// A bound of a Number. clang 16, which lints and fuzzes, does not take a double as a template argument.
struct Bound {
  std::int64_t millionths = 0;
  constexpr Bound(double v) : millionths(static_cast<std::int64_t>(v * 1e6 + (v < 0 ? -0.5 : 0.5))) {}
  constexpr operator double() const { return static_cast<double>(millionths) / 1e6; }
};

// A finite number in [Low, High].
template <Bound Low, Bound High>
struct Number {
  static constexpr double kLow = Low;
  static constexpr double kHigh = High;
  double value = Low;
  constexpr Number() = default;
  constexpr Number(double v) : value(v) {}             // NOLINT(google-explicit-constructor)
  constexpr operator double() const { return value; }  // NOLINT(google-explicit-constructor)
};

// Valid UTF-8 of Min to Max bytes.
template <std::size_t Min, std::size_t Max>
struct Text {
  static constexpr std::size_t kMin = Min;
  static constexpr std::size_t kMax = Max;
  std::string value;
  Text() = default;
  Text(std::string v) : value(std::move(v)) {}           // NOLINT(google-explicit-constructor)
  Text(const char* v) : value(v) {}                      // NOLINT(google-explicit-constructor)
  operator const std::string&() const { return value; }  // NOLINT(google-explicit-constructor)
  friend bool operator==(const Text&, const Text&) = default;
};

// A name or id that a client chooses: [A-Za-z0-9][A-Za-z0-9._:-]{0,127}.
struct Name {
  std::string value;
  Name() = default;
  Name(std::string v) : value(std::move(v)) {}           // NOLINT(google-explicit-constructor)
  Name(const char* v) : value(v) {}                      // NOLINT(google-explicit-constructor)
  operator const std::string&() const { return value; }  // NOLINT(google-explicit-constructor)
  friend bool operator==(const Name&, const Name&) = default;
  friend auto operator<=>(const Name&, const Name&) = default;
};
inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::string_view kNamePattern = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$";
[[nodiscard]] bool is_name(std::string_view text);

// A value with a default, and whether it was given: what was not may be filled in from elsewhere.
template <typename T>
struct Defaulted : T {
  bool given = false;
  Defaulted() = default;
  Defaulted(const T& v) : T(v), given(true) {}  // NOLINT(google-explicit-constructor)
  // As it is when nobody gives it.
  [[nodiscard]] static Defaulted of(const T& v) {
    Defaulted out(v);
    out.given = false;
    return out;
  }
};

// A list of Min to Max elements.
template <typename T, std::size_t Min, std::size_t Max>
struct List : std::vector<T> {
  static constexpr std::size_t kMin = Min;
  static constexpr std::size_t kMax = Max;
  using std::vector<T>::vector;
};

// A point in time: milliseconds since 1970-01-01T00:00:00Z. RFC 3339 with milliseconds on the wire.
struct Timestamp {
  std::int64_t ms = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};
[[nodiscard]] std::string to_rfc3339(Timestamp time);
// Accepts `YYYY-MM-DDTHH:MM:SS[.fraction](Z|+HH:MM)`; false when `text` is anything else.
[[nodiscard]] bool from_rfc3339(std::string_view text, Timestamp& time);

// Any JSON value, kept as its text and shared, never changed. Empty means absent (`null` is the text "null").
class RawJson {
 public:
  RawJson() = default;
  explicit RawJson(std::string_view text, std::uint64_t content_hash = 0);
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view text() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Of the value, whatever the order of object members; 0 when it was not made by the decoder.
  [[nodiscard]] std::uint64_t content_hash() const { return hash_; }
  friend bool operator==(const RawJson& a, const RawJson& b) { return a.text() == b.text(); }

 private:
  std::shared_ptr<const char[]> bytes_;
  std::size_t size_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace arbiter::base
