// What `arbiter init` writes: the beginning of a configuration, and a first job.
#pragma once

#include <array>
#include <string_view>

namespace arbiter::cli {

struct InitFile {
  std::string_view name;
  std::string_view text;
};

inline constexpr std::string_view kInitConfig =
    R"YAML(# The configuration of an Arbiter server:    arbiter serve --config arbiter.yaml
# Is it right?                               arbiter config check arbiter.yaml
# What is commented out shows its default. Every key is in `arbiter serve --help`; a flag or an ARBITER_* variable goes
# before this file.

# Where the server listens. Addresses that other machines reach need a certificate (tls.cert and tls.key).
listen: "127.0.0.1:7420"

# Everything that the server keeps: tasks, events, and the first access token in admin.token. Commands that are run here
# find the server and the token by this directory. Keep it out of version control.
data: "./arbiter-data"

# Ended tasks and events are deleted after so many days; 0: never.
# retentionDays: 30

# log:
#   level: "info"         # debug, info, warn, error
#   access: true          # one line per request

limits:
  # A worker that gives no sign of life for so long is lost, and its tasks go to others. Shorter notices sooner; longer
  # forgives a network that stutters.
  workerLostMs: 30000
  # With less free space than that below `data` new work is refused, while what is under way can end.
  # diskReserveBytes: 67108864
)YAML";

inline constexpr std::string_view kInitJob = R"YAML(# A first job:    arbiter run job.yaml
# Every step is a task. Workers of this machine do them, and whatever is killed on the way is done by another.
# Interrupted? arbiter run --resume job.yaml goes on where it was. The language: arbiter run --help
name: first-job
workers: 3

steps:
  # One task for each item, side by side. What goes to stderr is the task's live log; stdout is its result.
  look:
    foreach: [apples, pears, plums]
    timeout: 5m
    retry: 3
    run: |
      for part in 1 2 3 4 5; do
        echo "basket $part of $ITEM" >&2
        arbiter task progress --percent $((part * 20)) --message "basket $part of 5" > /dev/null
        sleep "${PACE:-1}"
      done
      echo "$ITEM: fine"

  # A step that cannot go on without a person. Answer in the dashboard (arbiter page), or:
  #   arbiter question list --state open
  #   arbiter question answer QUESTION yes
  # While it waits, its time stands still and its worker can do something else.
  decide:
    run: >-
      arbiter task ask 'Sell the fruit?' --option yes --option no --default no --expires 10m

  # It gets the results of the steps that it needs as files.
  report:
    needs: [look, decide]
    run: |
      cat "$ARBITER_NEEDS"/look.*
      echo "sell: $(cat "$ARBITER_NEEDS"/decide)"
    show: true
)YAML";

inline constexpr std::array<InitFile, 2> kInitFiles{{{"arbiter.yaml", kInitConfig}, {"job.yaml", kInitJob}}};

}  // namespace arbiter::cli
