// Definitions of tasks, by chance: plain ones and ones with everything, well formed unless asked otherwise.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/state.h"
#include "random.h"

namespace arbiter::sim {

inline const std::vector<core::Name> kTypes{"build", "test", "shell", "deploy"};
inline const std::vector<core::Name> kQueues{"default", "default", "fast", "slow"};
inline const std::vector<core::Name> kKeys{"red", "green", "blue"};
inline const std::vector<core::Name> kLanguages{"c", "go"};
inline constexpr const char* kNobody = "nobody-has-this";  // a capability that no worker has

// JSON as the decoder hands it over: with the hash of its content.
// What the payload of a request (but for the small ones) and the result of a lease (but for the first) look like.
inline constexpr const char* kPayloadSchema = R"({"type":"object","required":["m"],"properties":{"i":{"maximum":3}}})";
inline constexpr const char* kResultSchema = R"({"type":["object","null"],"properties":{"r":{"maxLength":100}}})";
[[nodiscard]] bool fits_payload_schema(const core::RawJson& payload);
[[nodiscard]] bool fits_result_schema(const core::RawJson& result);
[[nodiscard]] core::RawJson json(const std::string& text);

class Specs {
 public:
  Specs(Random& random, const core::CoreLimits& limits) : random_(random), limits_(limits) {}

  // The `index`th task of request `number`, at this time of the wall clock. `siblings` are ids of the same batch.
  [[nodiscard]] core::TaskSpec make(std::uint64_t number, std::size_t index, std::int64_t wall_ms,
                                    const std::vector<core::Name>& siblings);
  // Makes a good definition bad.
  void spoil(core::TaskSpec& spec);
  void learn(const std::string& id);
  [[nodiscard]] core::Name any_id();
  [[nodiscard]] core::Name new_id() { return core::Name("t" + std::to_string(++ids_)); }

  std::map<std::string, core::TaskSpec> own;  // definitions sent under an id of ours

 private:
  void embellish(core::TaskSpec& spec, std::int64_t wall_ms, const std::vector<core::Name>& siblings);
  void add_requirements(core::TaskSpec& spec);
  void add_keys(core::TaskSpec& spec);

  Random& random_;
  const core::CoreLimits& limits_;
  std::deque<std::string> known_;
  std::uint64_t ids_ = 0;
};

}  // namespace arbiter::sim
