#include "net/compression.h"

#include <zlib.h>

#include <memory>
#include <optional>

#include "base/check.h"
#include "net/head.h"
#include "net/text.h"

namespace arbiter::net {
namespace {

constexpr int kLevel = 1;  // On the server's own threads; the higher levels take thrice the time for a tenth.
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemory = 8;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// `1`, `0.5`, `0.125` in thousandths; nothing when it is no such number.
std::optional<int> weight_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int value = (text[0] - '0') * 1'000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value += (text[i] - '0') * unit;
  }
  return value <= 1'000 ? std::optional(value) : std::nullopt;
}

struct Coding {
  std::string_view name;
  int weight = 1'000;
};

std::optional<Coding> coding_of(std::string_view element) {
  const auto semicolon = element.find(';');
  Coding coding{trimmed(element.substr(0, semicolon))};
  if (semicolon == std::string_view::npos) return coding;
  const std::string_view parameter = trimmed(element.substr(semicolon + 1));
  if (!same_text(parameter.substr(0, 2), "q=")) return std::nullopt;
  const auto weight = weight_of(parameter.substr(2));
  if (!weight) return std::nullopt;
  coding.weight = *weight;
  return coding;
}

// A stream that is used again and again: its memory is 256 KiB.
class Deflater {
 public:
  Deflater() { CHECK(deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) == Z_OK); }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string run(std::string_view body) {
    CHECK(deflateReset(&stream_) == Z_OK);
    std::string out(body.size(), '\0');
    // zlib does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return {};
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  z_stream stream_{};
};

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<int> gzip, other;
  int plain = 0;
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    if (const auto coding = coding_of(accept_encoding.substr(0, comma))) {
      if (same_text(coding->name, "gzip") || same_text(coding->name, "x-gzip")) gzip = coding->weight;
      if (same_text(coding->name, "identity")) plain = coding->weight;
      if (coding->name == "*") other = coding->weight;
    }
    if (comma == std::string_view::npos) break;
    accept_encoding.remove_prefix(comma + 1);
  }
  const int weight = gzip.value_or(other.value_or(0));
  return weight > 0 && weight >= plain;
}

bool takes_gzip(const Request& request) { return accepts_gzip(request.header("Accept-Encoding")); }

std::string gzip(std::string_view body) {
  CHECK(body.size() <= kGzipBytesMax);
  thread_local Deflater deflater;
  return deflater.run(body);
}

bool is_compressible(const Response& response, std::size_t bytes_min) {
  if (bytes_min == 0 || response.body.size() < bytes_min || response.body.size() > kGzipBytesMax) return false;
  if (has_no_body(response.status)) return false;
  for (const auto& header : response.headers) {
    if (same_text(header.first, "Content-Encoding")) return false;
  }
  const std::string_view type = response.content_type;
  return type.starts_with("application/json") || type.starts_with("application/problem+json") ||
         type.starts_with("text/");
}

}  // namespace arbiter::net
