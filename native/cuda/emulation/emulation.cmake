# The CUDA kernels as C++, on the emulated device, as a library that stands in for the driver's (libcuda.so.1).
# cuda_emulator is the device and its driver without the kernels.
file(GLOB emulator_sources CONFIGURE_DEPENDS native/cuda/emulation/*.cpp)
add_library(cuda_emulator OBJECT EXCLUDE_FROM_ALL ${emulator_sources})
target_link_libraries(cuda_emulator PRIVATE tenon_options)
target_compile_options(cuda_emulator PRIVATE -O2)
if(TENON_SANITIZE MATCHES thread)
  # They run on all fibers; what they tell ThreadSanitizer is what it is to know.
  set_source_files_properties(
    native/cuda/emulation/fiber.cpp native/cuda/emulation/scheduler.cpp native/cuda/emulation/warp.cpp
    native/cuda/emulation/tensor_core.cpp
    PROPERTIES COMPILE_OPTIONS "-fno-sanitize=thread;-DTENON_THREAD_SANITIZER")
endif()

file(GLOB cuda_sources CONFIGURE_DEPENDS native/cuda/kernels/*.cu)
add_library(cuda_emulation SHARED EXCLUDE_FROM_ALL ${cuda_sources} $<TARGET_OBJECTS:cuda_emulator>)
target_link_libraries(cuda_emulation PRIVATE tenon_options)
target_compile_definitions(cuda_emulation PRIVATE TENON_ISA=cuda TENON_CUDA_KERNELS)
# As the CPU's kernels, but for -O3. The pragma that GCC does not know is `unroll`.
target_compile_options(cuda_emulation PRIVATE ${kernel_options} ${small} -Wno-unknown-pragmas)
set_target_properties(cuda_emulation PROPERTIES
  OUTPUT_NAME tenon_cuda_emulation LINKER_LANGUAGE CXX LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/emulation)
if(NOT APPLE)
  target_link_options(cuda_emulation PRIVATE -Wl,-z,nodelete)
  if(NOT TENON_SANITIZE)
    target_link_options(cuda_emulation PRIVATE -Wl,--no-undefined)
  endif()
endif()
foreach(source ${cuda_sources})
  set(options -x c++)
  if(source MATCHES "random\\.cu$")
    list(APPEND options -ffp-contract=off)
  endif()
  set_source_files_properties(${source} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "${options}")
endforeach()
