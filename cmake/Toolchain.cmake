# Compiler settings shared by every target: language level, warnings, cache, linker, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the sloppiness to be cacheable; the other two let clones and worktrees share results.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-fno-omit-frame-pointer)  # Profiles show who called; costs about 1 %.

add_library(arbiter_warnings INTERFACE)
target_compile_options(arbiter_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror
                       -Wno-missing-field-initializers)
# GCC 12 finds overlaps and overruns in std::string where there are none (GCC bugs 105329, 105651).
target_compile_options(arbiter_warnings INTERFACE "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overflow>")

if(ARBITER_SANITIZE)
  add_compile_options(-fsanitize=${ARBITER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ARBITER_SANITIZE})
  if(ARBITER_SANITIZE MATCHES thread)
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # GCC warns of every fence in Asio.
  endif()
endif()
