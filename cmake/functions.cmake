# The few functions of the build.
include(${CMAKE_CURRENT_LIST_DIR}/InvarLevels.cmake)

# invar_read_ops(TABLE SOURCES HEADERS): the files that rows X(NAME, stem, CLASS, operands) and
# FUNCTION(NAME, stem) of the operator table stand for.  A row without its files stops configuration.
# Writes templates/ops/functions.h, where the rows of functions say something else than it does.
function(invar_read_ops table sources headers)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
  file(STRINGS ${table} rows REGEX "^(X|FUNCTION)\\(")
  foreach(row IN LISTS rows)
    if(row MATCHES "^FUNCTION\\([A-Z0-9_]+, ([a-z0-9_]+)\\)")
      string(APPEND includes "#include \"ops/${CMAKE_MATCH_1}.h\"\n")
      string(APPEND functions " \\\n    X(${CMAKE_MATCH_1})")
      set(class MAP)
    elseif(row MATCHES "^X\\([A-Z0-9_]+, ([a-z0-9_]+), ([A-Z]+), -?[0-9]+\\)")
      set(class ${CMAKE_MATCH_2})
    else()
      message(FATAL_ERROR "${table}: cannot read the row '${row}': "
                          "want X(NAME, stem, CLASS, operands) or FUNCTION(NAME, stem)")
    endif()
    set(stem ${CMAKE_MATCH_1})
    list(APPEND found_sources compiler/graph/ops/${stem}.c)
    set(needed compiler/graph/ops/${stem}.c tests/ops/${stem}.c tests/reference/${stem}.c)
    if(NOT class MATCHES "^(SOURCE|VIEW|STORE)$")
      list(APPEND found_headers templates/ops/${stem}.h)
      list(APPEND needed templates/ops/${stem}.h)
    endif()
    foreach(file IN LISTS needed)
      if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${file})
        message(SEND_ERROR "operator '${stem}' of ${table} lacks its file ${file}")
      endif()
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_SOURCE_DIR}/templates/ops/functions.h CONTENT
"/* Elementary functions of one number, as the rows FUNCTION(..) of ${table} name them:
 * written by CMake where these change. */
#ifndef INV_OPS_FUNCTIONS_H
#define INV_OPS_FUNCTIONS_H

${includes}
#define INV_FUNCTIONS(X)${functions}

#endif
")
  list(APPEND found_headers templates/ops/functions.h)
  set(${sources} ${found_sources} PARENT_SCOPE)
  set(${headers} ${found_headers} PARENT_SCOPE)
endfunction()

# invar_add_messages(TARGET FILE.proto): structures and functions of its messages, and protobuf-c.
function(invar_add_messages target file)
  get_filename_component(stem ${file} NAME_WE)
  get_filename_component(folder ${CMAKE_SOURCE_DIR}/${file} DIRECTORY)
  set(out ${CMAKE_BINARY_DIR}/grammar/${stem}.pb-c)
  add_custom_command(
    OUTPUT ${out}.c ${out}.h
    COMMAND ${INVAR_PROTOC} --c_out=${CMAKE_BINARY_DIR}/grammar --proto_path=${folder} ${stem}.proto
    DEPENDS ${CMAKE_SOURCE_DIR}/${file} VERBATIM)
  set_source_files_properties(${out}.c PROPERTIES COMPILE_OPTIONS "-Wno-conversion;-Wno-unused-parameter")
  target_sources(${target} PRIVATE ${out}.c)
  target_include_directories(${target} SYSTEM PUBLIC ${INVAR_PROTOBUF_INCLUDE})
  target_link_libraries(${target} PUBLIC ${INVAR_PROTOBUF})
endfunction()

# invar_add_levels(TARGET SOURCE...): compiles the sources once for each instruction-set level of
# this machine's kind into TARGET.
function(invar_add_levels target)
  invar_find_levels(levels missing)
  foreach(level IN LISTS missing)
    message(WARNING "${CMAKE_C_COMPILER} lacks ${march_${level}}: the runtime goes without")
  endforeach()
  foreach(level IN LISTS levels)
    add_library(${target}_${level} OBJECT ${ARGN})
    target_compile_definitions(${target}_${level} PRIVATE INV_LEVEL=${level})
    target_compile_options(${target}_${level} PRIVATE ${march_${level}}
                           $<TARGET_PROPERTY:${target},COMPILE_OPTIONS>)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${level}>)
  endforeach()
endfunction()

# invar_add_grammar(OUT PARSER SCANNER): model.tab.[ch] and model.lex.[ch] in the build.
function(invar_add_grammar out parser scanner)
  set(dir ${CMAKE_BINARY_DIR}/grammar)
  file(MAKE_DIRECTORY ${dir})
  bison_target(parser ${parser} ${dir}/model.tab.c COMPILE_FLAGS "-Wall -Werror"
               DEFINES_FILE ${dir}/model.tab.h)
  flex_target(scanner ${scanner} ${dir}/model.lex.c DEFINES_FILE ${dir}/model.lex.h)
  add_flex_bison_dependency(scanner parser)
  set(${out} ${BISON_parser_OUTPUTS} ${FLEX_scanner_OUTPUTS} PARENT_SCOPE)
endfunction()

# invar_embed(OUT FILE...): a C source with the files as the table of compiler/base/embedded.h.
function(invar_embed out)
  set(files ${ARGN})
  list(SORT files)
  set(source ${CMAKE_BINARY_DIR}/embedded.c)
  string(REPLACE ";" "\n" lines "${files}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embedded.list CONTENT "${lines}\n")
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D OUT=${source} -D LIST=${CMAKE_BINARY_DIR}/embedded.list
            -D ROOT=${CMAKE_SOURCE_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_BINARY_DIR}/embedded.list cmake/embed.cmake
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMENT "Embedding library, templates and runtime sources")
  set(${out} ${source} PARENT_SCOPE)
endfunction()

# Headers, the CMake package (find_package(Invar)) and invar.pc.
function(invar_install_package)
  include(CMakePackageConfigHelpers)
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Invar)
  install(FILES runtime/include/invar.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/invar)
  install(FILES ${core_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/invar/core)
  install(FILES ${op_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/invar/ops)
  target_include_directories(invar_runtime INTERFACE
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/invar>)
  set_target_properties(invar_runtime PROPERTIES EXPORT_NAME runtime)
  install(EXPORT InvarTargets NAMESPACE Invar:: DESTINATION ${package})
  configure_package_config_file(cmake/InvarConfig.cmake.in InvarConfig.cmake
                                INSTALL_DESTINATION ${package})
  write_basic_package_version_file(InvarConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                   ARCH_INDEPENDENT) # the compiler serves cross builds, too
  install(FILES ${CMAKE_BINARY_DIR}/InvarConfig.cmake ${CMAKE_BINARY_DIR}/InvarConfigVersion.cmake
                cmake/InvarGenerate.cmake cmake/InvarLevels.cmake DESTINATION ${package})
  configure_file(cmake/invar.pc.in invar.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/invar.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
