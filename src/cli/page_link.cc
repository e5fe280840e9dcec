#include "cli/page_link.h"

namespace arbiter::cli {

std::string page_link(const client::Endpoint& endpoint) {
  return endpoint.url() + "/" + (endpoint.token.empty() ? "" : "#token=" + client::escape(endpoint.token));
}

std::string redirect_page(const std::string& link) {
  std::string quoted;
  for (const char c : link) {
    switch (c) {
      case '&':
        quoted += "&amp;";
        break;
      case '"':
        quoted += "&quot;";
        break;
      case '<':
        quoted += "&lt;";
        break;
      default:
        quoted += c;
    }
  }
  return "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
         "<title>Arbiter</title>\n<meta http-equiv=\"refresh\" content=\"0; url=" +
         quoted + "\">\n<p><a href=\"" + quoted + "\">Open the dashboard</a></p>\n";
}

}  // namespace arbiter::cli
