# stoker_add_plugin(NAME TARGET_ABI 1.0 ID com.acme.cloud SOURCES ... LIBS ...)
#
# A plugin library ID.so. TARGET_ABI is the ABI the plugin promises to need, not the newest one this SDK knows: the lower, the
# more agents can load it. It is installed into lib/stoker/plugins. Libraries in LIBS are linked privately; link them
# statically, so that the plugin is one file.
function(stoker_add_plugin name)
  cmake_parse_arguments(arg "" "TARGET_ABI;ID" "SOURCES;LIBS" ${ARGN})
  if(NOT arg_TARGET_ABI MATCHES "^1\\.([0-9]+)$")
    message(FATAL_ERROR "stoker_add_plugin(${name}): TARGET_ABI must be 1.MINOR, got \"${arg_TARGET_ABI}\"")
  endif()
  set(minor ${CMAKE_MATCH_1})
  if(NOT arg_ID OR NOT arg_SOURCES)
    message(FATAL_ERROR "stoker_add_plugin(${name}): ID and SOURCES are needed")
  endif()

  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  add_library(${name} MODULE ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME ${arg_ID} CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${map})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_definitions(${name} PRIVATE STOKER_TARGET_MINOR=${minor})
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_libraries(${name} PRIVATE Stoker::sdk ${arg_LIBS})
  target_link_options(${name} PRIVATE -Wl,--version-script=${map})
  # A sanitizer's symbols come from the program that loads the plugin.
  if(NOT STOKER_SANITIZE AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_SHARED_LINKER_FLAGS}" MATCHES "-fsanitize")
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()

  install(TARGETS ${name} LIBRARY DESTINATION lib/stoker/plugins)
  if(TARGET stoker_flags) # a plugin bundled with the agent
    target_link_libraries(${name} PRIVATE stoker_flags)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${STOKER_PLUGIN_DIR})
    set_property(GLOBAL APPEND PROPERTY STOKER_BUNDLED_PLUGINS ${name})
  endif()
endfunction()

# stoker_add_conformance_test(NAME [FIXTURES DIR]): a test conformance:NAME that runs stoker-plugin-check on a plugin of
# stoker_add_plugin(). DIR, relative to the current folder, holds cloud.yaml or logs/.
function(stoker_add_conformance_test name)
  cmake_parse_arguments(arg "" "FIXTURES" "" ${ARGN})
  set(fixtures "")
  if(arg_FIXTURES)
    cmake_path(ABSOLUTE_PATH arg_FIXTURES BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE folder)
    set(fixtures --fixtures ${folder})
  endif()
  if(TARGET stoker-plugin-check)
    set(check stoker-plugin-check)
  else()
    find_program(STOKER_PLUGIN_CHECK stoker-plugin-check HINTS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../bin REQUIRED)
    set(check ${STOKER_PLUGIN_CHECK})
  endif()
  add_test(NAME conformance:${name} COMMAND ${check} $<TARGET_FILE:${name}> ${fixtures})
endfunction()
