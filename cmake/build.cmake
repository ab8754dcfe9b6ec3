# How everything of ours is compiled, and where it lies in the build tree: as it will lie once installed.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(STOKER_PLUGIN_DIR ${PROJECT_BINARY_DIR}/lib/stoker/plugins)
set(STOKER_RUNNER_DIR ${PROJECT_BINARY_DIR}/lib/stoker/runner)

find_program(STOKER_CCACHE ccache)
if(STOKER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STOKER_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${STOKER_CCACHE})
endif()
find_program(STOKER_MOLD mold)
if(STOKER_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

set(STOKER_SANITIZE "" CACHE STRING "address,undefined or thread")
if(STOKER_SANITIZE)
  add_compile_options(-fsanitize=${STOKER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${STOKER_SANITIZE})
  if(STOKER_FUZZ)
    add_compile_options(-fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/tests/fuzz/sanitizer_ignore.txt)
  endif()
endif()

add_library(stoker_flags INTERFACE)
target_compile_options(stoker_flags INTERFACE -Wall -Wextra -Wpedantic $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -Wnon-virtual-dtor -Werror
                                              -fvisibility=hidden -fstack-protector-strong)
# g++ 12 sees overlaps where a short literal is assigned to a string (its bug 105651).
target_compile_options(stoker_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
# libstdc++ 12 deprecates what its own std::stable_sort uses, and clang tells.
target_compile_options(stoker_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>)
target_compile_definitions(stoker_flags INTERFACE $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:_FORTIFY_SOURCE=2>)

# stoker_core_library(NAME SOURCES ... LIBS ...): one folder of core as a static library named stoker_NAME.
function(stoker_core_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(stoker_${name} STATIC ${arg_SOURCES})
  target_include_directories(stoker_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(stoker_${name} PUBLIC ${arg_LIBS} PRIVATE stoker_flags ${arg_PRIVATE_LIBS})
endfunction()

# stoker_test(NAME LABEL SOURCES ... LIBS ...): a GoogleTest program `NAME`, its cases in CTest under LABEL. PROCESSORS:
# how many of CTest's jobs a case stands for.
function(stoker_test name label)
  cmake_parse_arguments(arg "" "TIMEOUT;PROCESSORS" "SOURCES;LIBS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 1)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} stoker_flags GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE STOKER_SOURCE_DIR="${PROJECT_SOURCE_DIR}" STOKER_BUILD_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name} PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT} PROCESSORS ${arg_PROCESSORS}
                       DISCOVERY_TIMEOUT 60)
endfunction()
