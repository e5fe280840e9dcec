#include "base/values.h"

#include <chrono>
#include <cstring>

namespace arbiter::base {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax) return false;
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (!alphanumeric(text.front())) return false;
  for (char c : text) {
    if (!alphanumeric(c) && c != '.' && c != '_' && c != ':' && c != '-') return false;
  }
  return true;
}

std::string to_rfc3339(Timestamp time) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds{time.ms}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  auto rest = static_cast<unsigned>((point - day).count());
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](std::size_t at, int digits, unsigned value) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) text[at + static_cast<std::size_t>(i)] = char('0' + value % 10);
  };
  put(20, 3, rest % 1000);
  rest /= 1000;
  put(17, 2, rest % 60);
  put(14, 2, rest / 60 % 60);
  put(11, 2, rest / 3600);
  put(0, 4, static_cast<unsigned>(int(date.year())));
  put(5, 2, unsigned(date.month()));
  put(8, 2, unsigned(date.day()));
  return text;
}

namespace {

// Reads exactly `count` digits at the front of `text` and removes them.
bool take_digits(std::string_view& text, int count, int& value) {
  value = 0;
  if (text.size() < static_cast<std::size_t>(count)) return false;
  for (int i = 0; i < count; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

int take_fraction_ms(std::string_view& text) {
  int ms = 0;
  int scale = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ms += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return ms;
}

// `Z` or `+HH:MM`; the offset in minutes.
bool take_zone(std::string_view& text, int& minutes) {
  minutes = 0;
  if (take(text, "Zz")) return true;
  const int sign = text.starts_with('-') ? -1 : 1;
  int hours = 0;
  if (!take(text, "+-") || !take_digits(text, 2, hours) || !take(text, ":") || !take_digits(text, 2, minutes)) {
    return false;
  }
  if (hours > 23 || minutes > 59) return false;
  minutes = sign * (hours * 60 + minutes);
  return true;
}

}  // namespace

bool from_rfc3339(std::string_view text, Timestamp& time) {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, ms = 0, zone = 0;
  if (!take_digits(text, 4, y) || !take(text, "-") || !take_digits(text, 2, mo) || !take(text, "-") ||
      !take_digits(text, 2, d) || !take(text, "Tt ") || !take_digits(text, 2, h) || !take(text, ":") ||
      !take_digits(text, 2, mi) || !take(text, ":") || !take_digits(text, 2, s)) {
    return false;
  }
  if (take(text, ".")) ms = take_fraction_ms(text);
  if (!take_zone(text, zone) || !text.empty()) return false;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return false;
  const auto point = sys_days{date} + hours{h} + minutes{mi - zone} + seconds{s} + milliseconds{ms};
  time.ms = duration_cast<milliseconds>(point.time_since_epoch()).count();
  return true;
}

RawJson::RawJson(std::string_view text, std::uint64_t content_hash) : size_(text.size()), hash_(content_hash) {
  if (text.empty()) return;
  auto bytes = std::make_shared<char[]>(text.size());
  std::memcpy(bytes.get(), text.data(), text.size());
  bytes_ = std::move(bytes);
}

}  // namespace arbiter::base
