#include "cli/top/section.h"

#include <algorithm>

namespace arbiter::cli::top {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kStretchMin = 28;
// One that keeps its end takes no more than the one, and gives way down to the other.
constexpr std::size_t kIdMax = 36;
constexpr std::size_t kIdMin = 16;

// The columns that are shown, by index, and how wide each is.
struct Plan {
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths;  // of every column
};

std::vector<std::size_t> natural_widths(const Section& section) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < section.columns.size(); ++i) {
    std::size_t widest = width(section.columns[i].heading);
    for (const auto& row : section.rows) {
      if (i < row.size()) widest = std::max(widest, width(printable(row[i].text)));
    }
    widths.push_back(section.columns[i].keeps_end ? std::min(widest, kIdMax) : widest);
  }
  return widths;
}

std::size_t least_width(const Section& section, const Plan& plan) {
  std::size_t sum = plan.shown.empty() ? 0 : kGap * (plan.shown.size() - 1);
  for (const auto i : plan.shown) {
    const auto& column = section.columns[i];
    sum += std::min(plan.widths[i], column.stretches ? kStretchMin : column.keeps_end ? kIdMin : plan.widths[i]);
  }
  return sum;
}

// The widest id gives way first, until those that stretch have what they need at least.
void shrink_ids(const Section& section, Plan& plan, std::size_t columns) {
  std::size_t sum = kGap * (plan.shown.size() - 1);
  for (const auto i : plan.shown) {
    sum += section.columns[i].stretches ? std::min(plan.widths[i], kStretchMin) : plan.widths[i];
  }
  for (; sum > columns; --sum) {
    std::size_t* widest = nullptr;
    for (const auto i : plan.shown) {
      if (section.columns[i].keeps_end && plan.widths[i] > (widest ? *widest : kIdMin)) widest = &plan.widths[i];
    }
    if (!widest) return;
    --*widest;
  }
}

// Those that stretch share what the others leave, each getting no more than it needs.
void stretch(const Section& section, Plan& plan, std::size_t columns) {
  std::size_t left = columns - std::min(columns, kGap * (plan.shown.size() - 1));
  std::vector<std::size_t> open;
  for (const auto i : plan.shown) {
    if (section.columns[i].stretches) {
      open.push_back(i);
    } else {
      left -= std::min(left, plan.widths[i]);
    }
  }
  std::sort(open.begin(), open.end(), [&](auto a, auto b) { return plan.widths[a] < plan.widths[b]; });
  for (std::size_t n = open.size(); const auto i : open) {
    plan.widths[i] = std::min(plan.widths[i], left / n--);
    left -= plan.widths[i];
  }
}

Plan plan_for(const Section& section, std::size_t columns) {
  Plan plan;
  plan.widths = natural_widths(section);
  for (std::size_t i = 0; i < section.columns.size(); ++i) plan.shown.push_back(i);
  while (least_width(section, plan) > columns) {
    const auto out = std::max_element(plan.shown.begin(), plan.shown.end(), [&](auto a, auto b) {
      return section.columns[a].rank < section.columns[b].rank;
    });
    if (out == plan.shown.end() || section.columns[*out].rank == 0) break;
    plan.shown.erase(out);
  }
  shrink_ids(section, plan, columns);
  stretch(section, plan, columns);
  return plan;
}

std::string line_of(const Section& section, const Plan& plan, const std::vector<Cell>& row, std::size_t columns,
                    bool colours) {
  std::string line;
  std::string gap;
  std::size_t left = columns;
  for (const auto i : plan.shown) {
    left -= std::min(left, gap.size());
    const std::size_t wide = std::min(plan.widths[i], left);
    if (wide == 0) continue;
    const Cell none("");
    const Cell& cell = i < row.size() ? row[i] : none;
    const auto& column = section.columns[i];
    const auto text = column.keeps_end ? ends_of(cell.text, wide) : shortened(cell.text, wide);
    const std::string padding(wide - std::min(wide, width(text)), ' ');
    line += gap + (column.right ? padding : "") + coloured(text, text.empty() ? Colour::kNone : cell.colour, colours) +
            (column.right ? "" : padding);
    left -= wide;
    gap.assign(kGap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string ends_of(std::string_view text, std::size_t columns) {
  const std::string line = printable(text);
  const std::size_t whole = width(line);
  if (whole <= columns || columns < 5) return shortened(line, columns);
  // From the end by bytes, as long as a character begins there and it fits.
  const std::size_t tail = (columns - 1) / 2;
  std::size_t from = line.size();
  for (std::size_t i = line.size(); i-- > 0 && width(line.substr(i)) <= tail;) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U) from = i;
  }
  return shortened(line, columns - width(line.substr(from))) + line.substr(from);
}

std::vector<std::string> lines_of(const Section& section, std::size_t columns, std::size_t rows_max, std::size_t skip,
                                  bool colours) {
  if (section.rows.empty()) {
    if (section.when_empty.empty()) return {};
    return {coloured(shortened(section.when_empty, columns), Colour::kGrey, colours)};
  }
  const Plan plan = plan_for(section, columns);
  std::vector<Cell> headings;
  headings.reserve(section.columns.size());
  for (const auto& column : section.columns) headings.emplace_back(column.heading, Colour::kBold);
  std::vector<std::string> out = {line_of(section, plan, headings, columns, colours)};
  const std::size_t begin = std::min(skip, section.rows.size());
  const bool cut = section.rows.size() - begin > rows_max;
  const std::size_t end = cut ? begin + rows_max - std::min<std::size_t>(1, rows_max) : section.rows.size();
  for (std::size_t i = begin; i < end; ++i) {
    out.push_back(line_of(section, plan, section.rows[i], columns, colours));
  }
  if (cut && rows_max > 0) {
    const auto more = "… " + std::to_string(section.rows.size() - end) + " more";
    out.push_back(coloured(shortened(more, columns), Colour::kGrey, colours));
  }
  return out;
}

}  // namespace arbiter::cli::top
