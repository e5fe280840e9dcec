// A request as the API reads it: a target with path values and query, and a body, as the fields of a command. The first
// byte chooses the command, the rest of the first line is the target. What was decoded is encoded to something that
// decodes to the same.
#include <type_traits>

#include "api/input.h"
#include "core/commands.h"
#include "core/task_commands.h"
#include "target.h"

namespace {

using namespace arbiter;

template <typename Request>
void decode_as(std::string_view method, std::string_view target, std::string_view body) {
  if constexpr (base::DescribedStruct<Request>) {
    static const auto operation = [] {
      api::Operation made;
      made.path = "/api/v1/things/{id}";
      made.fields = api::fields_of<Request>(made.path);
      return made;
    }();
    api::Operation asked = operation;
    asked.method = method;
    const auto [path, query_text] = api::split_target(target);
    auto query = api::parse_query(query_text);
    if (!query) {
      REQUIRE(!query.error().message.empty());
      return;
    }
    api::PathValues values;
    std::string id;
    if (api::percent_decode(path.substr(path.rfind('/') + 1), /*plus_is_space=*/false, id))
      values.emplace_back("id", id);
    base::FieldErrors errors;
    auto input = api::gather_input(asked, body, values, *query, errors);
    if (!input) return;
    Request request{};
    base::decode(*input, request, base::Path{}, errors);
    if (!errors.empty()) {
      for (const auto& error : errors.take()) REQUIRE(!error.message.empty());
      return;
    }
    const std::string written = base::to_json(request);
    auto again = base::from_json_text<Request>(written);
    REQUIRE(again.has_value());
    REQUIRE(base::to_json(*again) == written);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  auto rest = fuzz::text_of(data + 1, size - 1);
  const auto target = fuzz::take_line(rest);
  constexpr std::size_t kCommands = std::variant_size_v<core::Command>;
  const std::string_view method = data[0] >= 128 ? "GET" : "POST";
  boost::mp11::mp_with_index<kCommands>(data[0] % kCommands, [&](auto which) {
    decode_as<std::variant_alternative_t<which, core::Command>>(method, target, rest);
  });
  return 0;
}
