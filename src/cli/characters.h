// Text on a terminal: what of a foreign text may be shown, and how many columns it takes.
#pragma once

#include <string>
#include <string_view>

namespace arbiter::cli {

// `text` on one line and harmless: control characters, those that turn the direction of writing (a name could otherwise
// rearrange what stands beside it), separators of lines and bytes that are not UTF-8 show as '?'.
[[nodiscard]] std::string printable(std::string_view text);
// How many columns a printable text takes: two for wide characters, none for those that join the one before.
[[nodiscard]] std::size_t width(std::string_view text);
// At most `max` columns, ending in "…" when cut; printable. 0: no limit.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t max);
// Exactly `columns` columns: shortened, or filled with spaces, which stand on the left when `right`.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t columns, bool right = false);

}  // namespace arbiter::cli
