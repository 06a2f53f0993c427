# invar_generate(TARGET app MODEL gesture.inv [TARGET_KIND firmware|c] [DEFINES name=value ...]
#                [WEIGHTS trained.safetensors] [DEPENDS file ...])
# Emits the model at configuration, and again when it or a file of DEPENDS (what it includes)
# changes, and adds it to the target.
#   firmware (the default where CMake compiles for no operating system): NAME.c and SHA-256, C99;
#     #include "NAME.h".  With WEIGHTS also NAME_weights.c, the trained weights for flash.  Where
#     the model file has a `target`, the linked image must keep to its ram and flash.
#   c: NAME.c for each instruction-set level of this kind of machine, and Invar::runtime; #include
#     "NAME.h" and call inv_trainer_main, with NAME_model_portable where INV_WITH_PORTABLE is
#     defined, ...
# As a script it is the check of an image:
#   cmake -D SIZE=size -D IMAGE=app -D RAM=n -D FLASH=n [-D OBJECTS=a.o,b.o -D NAME=stem] -P this.

# Bytes for a person.
function(invar_print_bytes out bytes)
  math(EXPR whole "${bytes} / 1024")
  math(EXPR tenth "${bytes} * 10 / 1024 % 10")
  set(${out} "${bytes} bytes (${whole}.${tenth} KiB)" PARENT_SCOPE)
endfunction()

# The call graph that gcc writes beside an object (-fcallgraph-info=su): the property "frame F" of
# each function F, "calls F", and the lists of all functions and of those of groups of loops.  A
# function called through a pointer is one of a group where the core calls it, else a callback.
function(invar_read_calls file)
  set(group ":(init|prepare|normalise|augment|train|update|evaluate|predict|finish)_[0-9]+")
  file(STRINGS ${file} lines)
  foreach(line IN LISTS lines)
    if(line MATCHES "^node: { title: \"([^\"]+)\".*[^0-9]([0-9]+) bytes \\(")
      set_property(GLOBAL PROPERTY "frame ${CMAKE_MATCH_1}" ${CMAKE_MATCH_2})
      set_property(GLOBAL APPEND PROPERTY functions ${CMAKE_MATCH_1})
      if(line MATCHES "^node: { title: \"([^\"]+${group}[^\"]*)\"")
        set_property(GLOBAL APPEND PROPERTY "calls groups" ${CMAKE_MATCH_1})
      endif()
    elseif(line MATCHES "targetname: \"__indirect_call\"" AND line MATCHES "core/firmware.h:")
      string(REGEX REPLACE "^edge: { sourcename: \"([^\"]+)\".*" "\\1" from "${line}")
      set_property(GLOBAL APPEND PROPERTY "calls ${from}" groups)
    elseif(line MATCHES "^edge: { sourcename: \"([^\"]+)\" targetname: \"([^\"]+)\"")
      set_property(GLOBAL APPEND PROPERTY "calls ${CMAKE_MATCH_1}" ${CMAKE_MATCH_2})
    endif()
  endforeach()
endfunction()

# The most bytes of stack from a function on; what has no frame there counts as none.
function(invar_measure_stack function out)
  get_property(known GLOBAL PROPERTY "stack ${function}" SET)
  if(NOT known)
    set_property(GLOBAL PROPERTY "stack ${function}" 0)
    get_property(frame GLOBAL PROPERTY "frame ${function}")
    get_property(calls GLOBAL PROPERTY "calls ${function}")
    set(most 0)
    list(REMOVE_DUPLICATES calls)
    foreach(callee IN LISTS calls)
      invar_measure_stack(${callee} bytes)
      if(bytes GREATER most)
        set(most ${bytes})
      endif()
    endforeach()
    math(EXPR most "${most} + 0${frame}")
    set_property(GLOBAL PROPERTY "stack ${function}" ${most})
  endif()
  get_property(bytes GLOBAL PROPERTY "stack ${function}")
  set(${out} ${bytes} PARENT_SCOPE)
endfunction()

# The most bytes of stack that a function of the model takes, callbacks and libgcc's arithmetic
# left out; 0 where the compiler wrote no call graph.
function(invar_find_stack out)
  set(most 0)
  string(REPLACE "," ";" objects "${OBJECTS}")
  list(FILTER objects INCLUDE REGEX "/${NAME}\\.c\\.[a-z]+$")
  string(REGEX REPLACE "\\.[a-z]+$" ".ci" file "${objects}")
  if(objects AND EXISTS "${file}")
    invar_read_calls(${file})
    get_property(functions GLOBAL PROPERTY functions)
    foreach(function IN LISTS functions)
      invar_measure_stack(${function} bytes)
      if(bytes GREATER most)
        set(most ${bytes})
      endif()
    endforeach()
  endif()
  set(${out} ${most} PARENT_SCOPE)
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
  invar_find_stack(stack)
  set(stack_text "the stack")
  if(stack GREATER 0)
    set(stack_text "${stack} bytes of stack in ${NAME}")
  endif()
  message(STATUS "flash ${flash_text}, ram ${ram_text} and ${stack_text}")
  if(flash GREATER FLASH)
    invar_print_bytes(limit ${FLASH})
    message(FATAL_ERROR "the image takes ${flash_text} of flash, but its target has ${limit}; "
                        "compile with -Os and --gc-sections, or train less on the device")
  endif()
  invar_print_bytes(limit ${RAM})
  math(EXPR with_stack "${ram} + ${stack}")
  if(ram GREATER RAM)
    message(FATAL_ERROR "the image takes ${ram_text} of ram, but its target has ${limit}; "
                        "take a smaller batch, or freeze parameters")
  elseif(with_stack GREATER RAM)
    message(WARNING "the image takes ${ram_text} of ram, and ${NAME} ${stack} bytes of stack: "
                    "its target has ${limit}, too little unless the stack is one of the sections")
  endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  invar_check_image()
  return()
endif()
set(INVAR_GENERATE_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
include("${CMAKE_CURRENT_LIST_DIR}/InvarLevels.cmake")

# The size(1) that belongs to the compiler.
function(invar_find_size)
  if(NOT CMAKE_SIZE)
    string(REGEX REPLACE "(gcc|cc|clang)(-[0-9.]+)?$" "size" guess "${CMAKE_C_COMPILER}")
    find_program(CMAKE_SIZE NAMES ${guess} size DOC "prints the sizes of an image's sections")
  endif()
endfunction()

# NAME.budget of an emitted model, "ram n" and "flash n": checked once the target is linked.
function(invar_add_budget target budget)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL "EXECUTABLE")
    message(STATUS "${target} is no executable: its image is not checked against ${budget}")
    return()
  elseif(NOT CMAKE_CROSSCOMPILING)
    message(STATUS "${target} is for this machine: its image is not checked against ${budget}")
    return()
  endif()
  cmake_path(GET budget STEM name)
  file(STRINGS ${budget} lines)
  foreach(line IN LISTS lines)
    if(line MATCHES "^(ram|flash) ([0-9]+)$")
      set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
    endif()
  endforeach()
  invar_find_size()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -D SIZE=${CMAKE_SIZE} -D IMAGE=$<TARGET_FILE:${target}>
            -D RAM=${ram} -D FLASH=${flash} -D NAME=${name}
            -D "OBJECTS=$<JOIN:$<TARGET_OBJECTS:${target}>,,>" -P ${INVAR_GENERATE_SCRIPT} VERBATIM)
endfunction()

# A folder's name for the files of a model: two model files may be called alike.
function(invar_name_folder target model out)
  cmake_path(GET model STEM name)
  get_target_property(taken ${target} INVAR_FOLDERS)
  while("${name}" IN_LIST taken)
    string(APPEND name _)
  endwhile()
  set_property(TARGET ${target} APPEND PROPERTY INVAR_FOLDERS ${name})
  set(${out} ${name} PARENT_SCOPE)
endfunction()

# Functions and header are called after the model: a target has room for one of that name.
function(invar_claim_name target model dir)
  file(GLOB headers ${dir}/*.h)
  get_target_property(taken ${target} INVAR_NAMES)
  foreach(header IN LISTS headers)
    cmake_path(GET header STEM name)
    if("${name}" IN_LIST taken)
      message(FATAL_ERROR "${target} has a model '${name}' already: ${model} needs another name "
                          "after the word 'model', or another target")
    endif()
    set_property(TARGET ${target} APPEND PROPERTY INVAR_NAMES ${name})
  endforeach()
endfunction()

# The model in dir, emitted as C, for each instruction-set level.  What links a library target sees
# its header and definitions, too.
function(invar_add_model target stem dir)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "OBJECT_LIBRARY")
    message(FATAL_ERROR "an OBJECT library such as ${target} cannot pass on the model for each "
                        "instruction-set level: make it STATIC")
  endif()
  invar_find_levels(levels missing)
  file(GLOB sources ${dir}/*.c)
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  foreach(level IN LISTS levels)
    set(part ${target}_${stem}_${level})
    string(TOUPPER ${level} upper)
    add_library(${part} OBJECT ${sources})
    set_target_properties(${part} PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
    target_compile_definitions(${part} PRIVATE INV_LEVEL=${level})
    target_compile_options(${part} PRIVATE -ffp-contract=off -fno-math-errno -fno-trapping-math)
    target_compile_options(${part} PRIVATE ${march_${level}})
    target_include_directories(${part} PRIVATE ${dir}/runtime/include ${dir}/runtime)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
    target_compile_definitions(${target} PUBLIC INV_WITH_${upper})
  endforeach()
  target_include_directories(${target} PUBLIC ${dir})
  # By properties: target_link_libraries would settle on one of its two signatures.
  set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES Invar::runtime)
  set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES Invar::runtime)
endfunction()

function(invar_generate)
  cmake_parse_arguments(arg "" "TARGET;MODEL;TARGET_KIND;WEIGHTS" "DEFINES;DEPENDS" ${ARGN})
  if(NOT TARGET "${arg_TARGET}" OR NOT arg_MODEL OR arg_UNPARSED_ARGUMENTS OR
     NOT "${arg_TARGET_KIND}" MATCHES "^(firmware|c|)$")
    message(FATAL_ERROR "want invar_generate(TARGET <made by add_executable or add_library> MODEL "
                        "<file.inv> [TARGET_KIND firmware|c] [DEFINES name=value ...] [WEIGHTS "
                        "file] [DEPENDS file ...]); cannot use: '${arg_TARGET}' '${arg_MODEL}' "
                        "${arg_TARGET_KIND} ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TARGET_KIND)
    set(arg_TARGET_KIND c)
    if(CMAKE_SYSTEM_NAME STREQUAL "Generic")
      set(arg_TARGET_KIND firmware)
    endif()
  endif()
  cmake_path(ABSOLUTE_PATH arg_MODEL)
  invar_name_folder(${arg_TARGET} ${arg_MODEL} stem)
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
  invar_claim_name(${arg_TARGET} ${arg_MODEL} ${dir})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_MODEL} ${arg_DEPENDS}
               ${arg_WEIGHTS} ${invar})
  if(arg_TARGET_KIND STREQUAL "c")
    invar_add_model(${arg_TARGET} ${stem} ${dir})
    return()
  endif()
  file(GLOB sources ${dir}/*.c)
  set_source_files_properties(${sources} PROPERTIES
    COMPILE_OPTIONS "-ffp-contract=off;-fno-math-errno;-fno-trapping-math")
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 10)
    set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS -fcallgraph-info=su)
  endif()
  target_sources(${arg_TARGET} PRIVATE ${sources})
  target_include_directories(${arg_TARGET} PUBLIC ${dir})
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
