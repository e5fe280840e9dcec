// The screen of `arbiter top` as lines of text: what of a picture is shown, where, in how much room. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/top/picture.h"

namespace arbiter::cli::top {

enum class View { kAll, kInbox, kWorkers, kTasks, kQueues, kEvents };
inline constexpr std::size_t kViews = 6;

// What the person at the keyboard chose.
struct Choice {
  View view = View::kAll;
  std::string filter;
  bool typing = false;  // the filter
  bool paused = false;
  std::size_t skip = 0;  // rows scrolled past
  bool quit = false;
};

// How the server is reached.
struct Link {
  bool live = true;
  base::Timestamp since;  // not live
  std::string why;
};

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;  // 0: as many as it takes
};

// At most `size.rows` lines of at most `size.columns` columns. `now` is the server's time, by which ages are told.
[[nodiscard]] std::vector<std::string> frame(const Picture& picture, const Link& link, const Choice& choice, Size size,
                                             base::Timestamp now, bool colours);

// Takes the scrolling back to where the last rows fill the screen.
void keep_in_range(const Picture& picture, Choice& choice, Size size, base::Timestamp now);
[[nodiscard]] std::size_t page_of(Size size);  // rows of one page

}  // namespace arbiter::cli::top
