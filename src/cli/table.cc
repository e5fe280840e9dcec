#include "cli/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace arbiter::cli {
namespace {

const char* escape_code(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kCyan:
      return "\x1b[36m";
    case Colour::kGrey:
      return "\x1b[90m";
    case Colour::kBold:
      return "\x1b[1m";
  }
  return "";
}

std::string two_parts(std::int64_t large, const char* unit, std::int64_t small, const char* small_unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%lld%s%02lld%s", static_cast<long long>(large), unit, static_cast<long long>(small),
                small_unit);
  return text;
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, bool colours) {
  if (!colours || colour == Colour::kNone) return std::string(text);
  return escape_code(colour) + std::string(text) + "\x1b[0m";
}

std::string Table::text(bool colours) const {
  std::vector<std::vector<Cell>> rows;
  std::vector<bool> right;
  std::vector<Cell> head;
  for (const auto& header : headers_) {
    right.push_back(header.starts_with('>'));
    head.emplace_back(header.substr(right.back() ? 1 : 0), Colour::kGrey);
  }
  rows.push_back(std::move(head));
  rows.insert(rows.end(), rows_.begin(), rows_.end());
  std::vector<std::size_t> widths(headers_.size(), 0);
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = printable(row[i].text);
      widths[i] = std::max(widths[i], width(row[i].text));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width(row[i].text), ' ');
      if (i > 0) line += "  ";
      if (right[i]) line += padding;
      line += coloured(row[i].text, row[i].colour, colours);
      if (!right[i] && i + 1 < row.size()) line += padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

Colour state_colour(std::string_view state) {
  if (state == "completed" || state == "live" || state == "done") return Colour::kGreen;
  if (state == "failed" || state == "lost") return Colour::kRed;
  if (state == "cancelled" || state == "draining" || state == "suspended") return Colour::kYellow;
  if (state == "running" || state == "assigned") return Colour::kCyan;
  return Colour::kNone;
}

std::string human_duration(std::int64_t ms) {
  if (ms < 0) return "-" + human_duration(-ms);
  if (ms < 1'000) return std::to_string(ms) + "ms";
  if (ms < 10'000) {
    char text[16];
    std::snprintf(text, sizeof text, "%.1fs", std::floor(static_cast<double>(ms) / 100) / 10);
    return text;
  }
  const std::int64_t s = ms / 1'000;
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3'600) return two_parts(s / 60, "m", s % 60, "s");
  if (s < 86'400) return two_parts(s / 3'600, "h", s % 3'600 / 60, "m");
  return two_parts(s / 86'400, "d", s % 86'400 / 3'600, "h");
}

std::string human_age(std::string_view time, base::Timestamp now) {
  base::Timestamp at;
  if (!base::from_rfc3339(time, at)) return "";
  return at.ms > now.ms ? "in " + human_duration(at.ms - now.ms) : human_duration(now.ms - at.ms);
}

std::int64_t parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || !(number >= 0) || !std::isfinite(number)) return -1;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double factor = 0;
  if (unit.empty() || unit == "ms") factor = 1;
  if (unit == "s") factor = 1'000;
  if (unit == "m" || unit == "min") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  const double ms = std::round(number * factor);
  return factor == 0 || ms > 1e15 ? -1 : static_cast<std::int64_t>(ms);
}

}  // namespace arbiter::cli
