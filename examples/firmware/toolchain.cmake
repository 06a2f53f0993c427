# cmake -D CMAKE_TOOLCHAIN_FILE=toolchain.cmake -D BOARD=m4 ...: the compilers of Debian's
# gcc-arm-none-eabi and gcc-riscv64-unknown-elf.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BOARD)
set(BOARD m4 CACHE STRING "m0 m3 m4 m7 m33 m55 rv32 rv32f")
if(BOARD MATCHES "^rv32")
  set(CMAKE_SYSTEM_PROCESSOR riscv32)
  set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
else()
  set(CMAKE_SYSTEM_PROCESSOR arm)
  set(CMAKE_C_COMPILER arm-none-eabi-gcc)
endif()
