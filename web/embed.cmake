# cmake -D DIST=folder -D TABLE=file -P embed.cmake: writes C++ that holds the files of DIST, with what HTTP says of them.
# The bytes are taken in by the assembler; only their etags stand in the text, so that it changes when they do.
file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
list(FILTER files EXCLUDE REGEX "\\.gz$")
list(SORT files)

set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_txt "text/plain; charset=utf-8")

set(assembly "")
set(symbols "")
set(rows "")
set(number 0)

function(embed symbol file)
  string(APPEND assembly
    "\\n.global ${symbol}\\n.hidden ${symbol}\\n${symbol}:\\n.incbin \\\"${file}\\\"\\n"
    ".global ${symbol}_end\\n.hidden ${symbol}_end\\n${symbol}_end:\\n")
  string(APPEND symbols "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
  set(assembly "${assembly}" PARENT_SCOPE)
  set(symbols "${symbols}" PARENT_SCOPE)
endfunction()

foreach(file IN LISTS files)
  string(REGEX REPLACE ".*\\." "" ending "${file}")
  if(NOT DEFINED types_${ending})
    message(FATAL_ERROR "embed.cmake: there is no media type for ${file}")
  endif()
  file(SHA256 ${DIST}/${file} hash)
  string(SUBSTRING ${hash} 0 24 etag)
  set(symbol arbiter_page_${number})
  embed(${symbol} ${DIST}/${file})
  set(gzip "{}")
  if(EXISTS ${DIST}/${file}.gz)
    embed(${symbol}_gz ${DIST}/${file}.gz)
    set(gzip "between(${symbol}_gz, ${symbol}_gz_end)")
  endif()
  set(path "/${file}")
  if(file STREQUAL "index.html")
    set(path "/")
  endif()
  set(immutable false)
  if(file MATCHES "^assets/")
    set(immutable true)
  endif()
  string(APPEND rows
    "      {\"${path}\", \"${types_${ending}}\", \"\\\"${etag}\\\"\", between(${symbol}, ${symbol}_end), ${gzip}, ${immutable}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${TABLE} "// Made by web/embed.cmake.
#include \"server/page_files.h\"

asm(\".pushsection .rodata\\n.balign 16\\n${assembly}.popsection\\n\");

extern \"C\" {
${symbols}}

namespace arbiter::server {

std::span<const api::PageFile> page_files() {
  const auto between = [](const char* begin, const char* end) {
    return std::string_view(begin, static_cast<std::size_t>(end - begin));
  };
  static const api::PageFile files[] = {
${rows}  };
  return files;
}

}  // namespace arbiter::server
")
