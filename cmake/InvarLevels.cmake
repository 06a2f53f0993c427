# The instruction-set levels, for the runtime and for the models of projects (InvarGenerate.cmake).
include(CheckCCompilerFlag)

# invar_find_levels(LEVELS MISSING): those of this machine's kind that the compiler makes, best
# last, and those it lacks; march_LEVEL becomes the flag of each that has one.  INV_LEVEL is
# portable, avx2, avx512 on x86-64, neon on AArch64, portable elsewhere.
function(invar_find_levels levels missing)
  set(found portable)
  set(lacking)
  set(march_avx2 -march=x86-64-v3)
  set(march_avx512 -march=x86-64-v4)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(found neon)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    foreach(level avx2 avx512)
      check_c_compiler_flag(${march_${level}} INVAR_HAS_${level})
      if(INVAR_HAS_${level})
        list(APPEND found ${level})
      else()
        list(APPEND lacking ${level})
      endif()
      set(march_${level} ${march_${level}} PARENT_SCOPE)
    endforeach()
  endif()
  set(${levels} "${found}" PARENT_SCOPE)
  set(${missing} "${lacking}" PARENT_SCOPE)
endfunction()
