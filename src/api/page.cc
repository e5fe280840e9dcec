#include "api/page.h"

#include "api/problem.h"

namespace arbiter::api {
namespace {

constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";
constexpr std::string_view kForever = "public, max-age=31536000, immutable";
constexpr std::string_view kAskAgain = "no-cache";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// RFC 9110, 13.1.2: any of the listed ones, weak or not, or `*`.
bool names_tag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    std::string_view one = trimmed(if_none_match.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
    if (comma == std::string_view::npos) break;
    if_none_match.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

Page::Page(std::span<const PageFile> files) {
  for (const auto& file : files) files_.emplace(file.path, &file);
}

const PageFile* Page::find(std::string_view path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

net::Response page_response(const PageFile& file, const net::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal =
        problem_response({base::ErrorCode::kMethodNotAllowed, "This path takes only GET and HEAD."}, request.id);
    refusal.headers.emplace_back("Allow", "GET, HEAD");
    return refusal;
  }
  net::Response response;
  response.content_type = file.content_type;
  // Weak, for it is the same with and without compression.
  response.headers = {{"ETag", "W/" + std::string(file.etag)},
                      {"Cache-Control", std::string(file.immutable ? kForever : kAskAgain)},
                      {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Frame-Options", "DENY"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (names_tag(request.header("If-None-Match"), file.etag)) {
    response.status = 304;
    return response;
  }
  const bool compressed = !file.gzip.empty() && net::takes_gzip(request);
  if (compressed) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
  }
  response.body = compressed ? file.gzip : file.bytes;
  return response;
}

}  // namespace arbiter::api
