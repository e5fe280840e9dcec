#include "cli/characters.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

namespace arbiter::cli {
namespace {

constexpr char32_t kInvalid = 0xFFFFFFFF;

struct Character {
  char32_t code = kInvalid;
  std::size_t bytes = 1;
};

// The character that `text`, which is not empty, begins with; kInvalid and one byte when that is not UTF-8.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

bool is_harmless(char32_t code) {
  if (code == kInvalid || code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  if (code == 0x61C || code == 0x200E || code == 0x200F) return false;  // marks of direction
  return !(code >= 0x2028 && code <= 0x202E) && !(code >= 0x2066 && code <= 0x2069);
}

// What the C library says in UTF-8, whatever the locale of the program.
std::size_t columns_of(char32_t code) {
  if (code < 0x7F) return 1;
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (!utf8) return 1;
  const locale_t before = ::uselocale(utf8);
  const int columns = ::wcwidth(static_cast<wchar_t>(code));
  ::uselocale(before);
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

// How many bytes of `text` fit into `max` columns, together with what joins the last of them.
std::size_t bytes_within(std::string_view text, std::size_t max) {
  std::size_t columns = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto character = first_character(text.substr(at));
    columns += columns_of(character.code);
    if (columns > max) break;
    at += character.bytes;
  }
  return at;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    if (character.code == '\n' || character.code == '\t') {
      out += ' ';
    } else if (is_harmless(character.code)) {
      out += text.substr(0, character.bytes);
    } else {
      out += '?';
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    columns += columns_of(character.code);
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string shortened(std::string_view text, std::size_t max) {
  std::string line = printable(text);
  if (max == 0 || width(line) <= max) return line;
  return line.substr(0, bytes_within(line, max - 1)) + "…";
}

std::string fitted(std::string_view text, std::size_t columns, bool right) {
  if (columns == 0) return "";
  std::string line = shortened(text, columns);
  const std::string padding(columns - std::min(columns, width(line)), ' ');
  return right ? padding + line : line + padding;
}

}  // namespace arbiter::cli
