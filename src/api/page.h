// The dashboard's files, which are part of the program. They hold no data and are answered to anybody; what they show
// they ask of the API, as a browser that has signed in (api/session.h).
#pragma once

#include <map>
#include <span>
#include <string_view>

#include "net/server.h"

namespace arbiter::api {

// All of it lives as long as the program.
struct PageFile {
  std::string_view path;          // `/`, `/assets/index-3fa9c2.js`
  std::string_view content_type;  // `text/javascript`
  std::string_view etag;          // as the header has it, with its quotes; changes with the content
  std::string_view bytes;
  std::string_view gzip;   // the same, compressed; empty: it is not worth it
  bool immutable = false;  // its path changes with its content: a browser need not ask again
};

class Page {
 public:
  explicit Page(std::span<const PageFile> files);

  // The file at this path (without a query), or null.
  [[nodiscard]] const PageFile* find(std::string_view path) const;

 private:
  std::map<std::string_view, const PageFile*> files_;
};

// 200, 304 when the request has this content already, or 405. Whatever goes wrong in the page, its content security
// policy keeps it from running what is not ours and from talking to anybody but this server.
[[nodiscard]] net::Response page_response(const PageFile& file, const net::Request& request);

}  // namespace arbiter::api
