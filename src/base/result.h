// Refusals and failures as values: the one Result type of the project and the closed list of error codes.
// One table maps each code to its wire name, HTTP status and CLI exit code.
#pragma once

#include <boost/describe.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace arbiter::base {

BOOST_DEFINE_ENUM_CLASS(ErrorCode, kInvalidRequest, kUnauthorized, kForbidden, kForeignHost, kForeignOrigin, kNotFound,
                        kMethodNotAllowed, kIdConflict, kDuplicateTask, kStaleLease, kOutcomeConflict, kInvalidState,
                        kUnknownWorker, kSessionReplaced, kUnknownDependency, kDependencyCycle, kLineageLimit,
                        kBudgetExhausted, kTooLarge, kQueueFull, kRateLimited, kQueueDraining, kOverloaded,
                        kHistoryTruncated, kIdempotencyMismatch, kUnsupportedMediaType, kRequestTimeout,
                        kHeadersTooLarge, kNamespaceUnknown, kStoreUnavailable, kShuttingDown, kFenced, kUnknown,
                        kNoSpace, kIoError, kConnection, kInternal)

// One bad field of a request: `field` is a dotted path (`tasks[3].retry.maxAttempts`).
struct FieldError {
  std::string field;
  std::string message;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};
BOOST_DESCRIBE_STRUCT(FieldError, (), (field, message))

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // For people: what happened and what to do.
  std::vector<FieldError> fields{};
  int retry_after_ms = 0;  // 0: repeating does not help by itself.
};

template <typename T>
using Result = tl::expected<T, Error>;

inline auto fail(Error error) { return tl::make_unexpected(std::move(error)); }

struct ErrorInfo {
  std::string_view name;   // On the wire: `stale_lease`.
  std::string_view title;  // One phrase for a problem document.
  int http_status;
  int exit_code;  // Of the command line; see docs/cli.md.
};

// The row of `code` in the one table of errors.
[[nodiscard]] const ErrorInfo& info(ErrorCode code);

// The code whose wire name is `name`; kUnknown when there is none.
[[nodiscard]] ErrorCode error_code_named(std::string_view name);

}  // namespace arbiter::base
