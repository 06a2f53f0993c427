# invar_generate(TARGET app MODEL gesture.inv [TARGET_KIND firmware|c] [DEFINES name=value ...]
#                [WEIGHTS trained.safetensors] [DEPENDS file ...])
# Emits the model at configuration, and again when it or a file of DEPENDS (what it includes)
# changes, and adds it to the target.
#   firmware (the default where CMake compiles for no operating system): NAME.c and SHA-256, C99;
#     #include "NAME.h".  With WEIGHTS also NAME_weights.c, the trained weights for flash.  Where
#     the model file has a `target`, the linked image must keep to its ram and flash.
#   c: NAME.c for each instruction-set level of this kind of machine, and Invar::runtime; #include
#     "NAME.h" and call inv_trainer_main, with NAME_model_base where INV_WITH_BASE is defined, ...
# As a script it is the check of an image: cmake -D SIZE=size -D IMAGE=app -D RAM=n -D FLASH=n -P.

# Bytes for a person.
function(invar_print_bytes out bytes)
  math(EXPR whole "${bytes} / 1024")
  math(EXPR tenth "${bytes} * 10 / 1024 % 10")
  set(${out} "${bytes} bytes (${whole}.${tenth} KiB)" PARENT_SCOPE)
endfunction()

# flash = text + data, ram = data + bss, as size(1) counts them; the stack comes on top.
function(invar_check_image)
  execute_process(COMMAND ${SIZE} ${IMAGE} OUTPUT_VARIABLE table RESULT_VARIABLE status)
  if(NOT status EQUAL 0 OR NOT table MATCHES "\n *([0-9]+)[ \t]+([0-9]+)[ \t]+([0-9]+)")
    message(FATAL_ERROR "${SIZE} cannot tell the size of ${IMAGE}; name another by -D CMAKE_SIZE=")
  endif()
  math(EXPR flash "${CMAKE_MATCH_1} + ${CMAKE_MATCH_2}")
  math(EXPR ram "${CMAKE_MATCH_2} + ${CMAKE_MATCH_3}")
  invar_print_bytes(flash_text ${flash})
  invar_print_bytes(ram_text ${ram})
  message(STATUS "flash ${flash_text}, ram ${ram_text} and the stack")
  if(flash GREATER FLASH)
    invar_print_bytes(limit ${FLASH})
    message(FATAL_ERROR "the image takes ${flash_text} of flash, but its target has ${limit}; "
                        "compile with -Os and --gc-sections, or train less on the device")
  endif()
  if(ram GREATER RAM)
    invar_print_bytes(limit ${RAM})
    message(FATAL_ERROR "the image takes ${ram_text} of ram, but its target has ${limit}; "
                        "take a smaller batch, or freeze parameters")
  endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  invar_check_image()
  return()
endif()
set(INVAR_GENERATE_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

# The size(1) that belongs to the compiler.
function(invar_find_size)
  if(NOT CMAKE_SIZE)
    string(REGEX REPLACE "(gcc|cc|clang)(-[0-9.]+)?$" "size" guess "${CMAKE_C_COMPILER}")
    find_program(CMAKE_SIZE NAMES ${guess} size DOC "prints the sizes of an image's sections")
  endif()
endfunction()

# NAME.budget of an emitted model, "ram n" and "flash n": checked once the target is linked.
function(invar_add_budget target budget)
  file(STRINGS ${budget} lines)
  foreach(line IN LISTS lines)
    if(line MATCHES "^(ram|flash) ([0-9]+)$")
      set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
    endif()
  endforeach()
  invar_find_size()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D SIZE=${CMAKE_SIZE} -D IMAGE=$<TARGET_FILE:${target}>
            -D RAM=${ram} -D FLASH=${flash} -P ${INVAR_GENERATE_SCRIPT} VERBATIM)
endfunction()

# The model in dir, emitted as C, for each instruction-set level.
function(invar_add_model target stem dir)
  set(levels base)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    include(CheckCCompilerFlag)
    foreach(level v3 v4)
      check_c_compiler_flag(-march=x86-64-${level} INVAR_HAS_${level})
      if(INVAR_HAS_${level})
        list(APPEND levels ${level})
      endif()
    endforeach()
  endif()
  file(GLOB sources ${dir}/*.c)
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  foreach(level IN LISTS levels)
    set(part ${target}_${stem}_${level})
    string(TOUPPER ${level} upper)
    add_library(${part} OBJECT ${sources})
    set_target_properties(${part} PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
    target_compile_definitions(${part} PRIVATE INV_LEVEL=${level})
    target_compile_options(${part} PRIVATE -ffp-contract=off -fno-math-errno -fno-trapping-math)
    if(NOT level STREQUAL base)
      target_compile_options(${part} PRIVATE -march=x86-64-${level})
    endif()
    target_include_directories(${part} PRIVATE ${dir}/runtime/include ${dir}/runtime)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
    target_compile_definitions(${target} PRIVATE INV_WITH_${upper})
  endforeach()
  target_include_directories(${target} PRIVATE ${dir})
  target_link_libraries(${target} PRIVATE Invar::runtime)
endfunction()

function(invar_generate)
  cmake_parse_arguments(arg "" "TARGET;MODEL;TARGET_KIND;WEIGHTS" "DEFINES;DEPENDS" ${ARGN})
  if(NOT TARGET "${arg_TARGET}" OR NOT arg_MODEL OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "want invar_generate(TARGET <made by add_executable or add_library> MODEL "
                        "<file.inv> [TARGET_KIND firmware|c] [DEFINES ...] [WEIGHTS file]); "
                        "cannot use: '${arg_TARGET}' '${arg_MODEL}' ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TARGET_KIND)
    set(arg_TARGET_KIND c)
    if(CMAKE_SYSTEM_NAME STREQUAL "Generic")
      set(arg_TARGET_KIND firmware)
    endif()
  endif()
  cmake_path(ABSOLUTE_PATH arg_MODEL)
  cmake_path(GET arg_MODEL STEM stem)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/invar/${arg_TARGET}_${stem})
  set(command emit ${arg_MODEL} --target ${arg_TARGET_KIND} -o ${dir})
  foreach(define IN LISTS arg_DEFINES)
    list(APPEND command -D ${define})
  endforeach()
  if(arg_WEIGHTS)
    cmake_path(ABSOLUTE_PATH arg_WEIGHTS)
    list(APPEND command --weights ${arg_WEIGHTS})
  endif()
  file(REMOVE_RECURSE ${dir})
  get_target_property(invar Invar::invar LOCATION)
  execute_process(COMMAND ${invar} ${command} RESULT_VARIABLE status ERROR_VARIABLE text
                  ERROR_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "invar cannot emit ${arg_MODEL}:\n${text}")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_MODEL} ${arg_DEPENDS}
               ${arg_WEIGHTS} ${invar})
  if(arg_TARGET_KIND STREQUAL "c")
    invar_add_model(${arg_TARGET} ${stem} ${dir})
    return()
  endif()
  file(GLOB sources ${dir}/*.c)
  set_source_files_properties(${sources} PROPERTIES
    COMPILE_OPTIONS "-ffp-contract=off;-fno-math-errno;-fno-trapping-math")
  target_sources(${arg_TARGET} PRIVATE ${sources})
  target_include_directories(${arg_TARGET} PRIVATE ${dir})
  get_target_property(has_sha ${arg_TARGET} INVAR_HAS_SHA256) # one copy for several models
  if(NOT has_sha)
    target_sources(${arg_TARGET} PRIVATE ${dir}/core/sha256.c)
    set_target_properties(${arg_TARGET} PROPERTIES INVAR_HAS_SHA256 TRUE)
  endif()
  file(GLOB budget ${dir}/*.budget)
  if(budget)
    invar_add_budget(${arg_TARGET} ${budget})
  endif()
endfunction()
