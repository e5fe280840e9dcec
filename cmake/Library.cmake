# arbiter_library(NAME SOURCES... LINK libs... TEST sources...): one library per folder of src/, with its unit
# tests (files that end in _test.cc) in one executable NAME_test.
function(arbiter_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;TESTS;TEST_LINK" ${ARGN})
  add_library(arbiter_${name} STATIC ${arg_SOURCES})
  target_include_directories(arbiter_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_include_directories(arbiter_${name} SYSTEM PUBLIC ${TL_EXPECTED_INCLUDE})
  target_link_libraries(arbiter_${name} PUBLIC ${arg_LINK} PRIVATE arbiter_warnings)
  if(ARBITER_PCH)
    target_precompile_headers(arbiter_${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
  endif()
  if(ARBITER_TESTS AND arg_TESTS)
    arbiter_test(${name}_test SOURCES ${arg_TESTS} LINK arbiter_${name} ${arg_TEST_LINK})
  endif()
endfunction()

# arbiter_test(NAME SOURCES... LINK libs...): a GoogleTest executable, run as one ctest entry.
function(arbiter_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock_main arbiter_warnings)
  if(ARBITER_PCH)
    target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
  endif()
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# arbiter_allocator(TARGET): mimalloc in malloc's place. What one thread allocates another often frees (a batch goes from
# the strand to the committer); glibc's allocator makes the two wait for each other (docs/decisions/0010-allocator.md).
function(arbiter_allocator target)
  if(TARGET mimalloc)
    # First in line, so that its malloc is the one that is found.
    target_link_options(${target} BEFORE PRIVATE -Wl,--push-state,--no-as-needed $<TARGET_FILE:mimalloc> -Wl,--pop-state)
  endif()
endfunction()
