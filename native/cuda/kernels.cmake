# The CUDA kernels: each source is compiled by nvcc to a fat binary, without any host code, and all of them are
# put into one file beside the addon, tenon_cuda.fatbin (native/cuda/images.h). Nothing else of CUDA is needed;
# without nvcc the addon is the same, and has no such file.
set(TENON_CUDA AUTO CACHE STRING "Compile the CUDA kernels: AUTO (where there is an nvcc that works), ON or OFF")
set(TENON_CUDA_ARCHITECTURES "" CACHE STRING
  "What to compile CUDA kernels for, as '75;90a'; empty: for the GPUs here, or PTX alone if there are none")
option(TENON_CUDA_RELEASE "Compile the CUDA kernels for all GPUs" OFF)

# Code for sm_90a serves every GPU of capability 9.0, so there is none for sm_90. The PTX is for GPUs that are
# none of these, and yet to come.
set(release_architectures 75 80 86 89 90a 100 120)
set(release_ptx 90)
# PTX for every GPU: all there is where none is to be compiled for; in a release, for drivers that know no newer one.
set(any_ptx 75)

# Finds nvcc into TENON_NVCC and its version into `version`, which is empty if there is none that works here.
function(find_nvcc version)
  set(${version} "" PARENT_SCOPE)
  find_program(TENON_NVCC nvcc
    HINTS $ENV{CUDACXX} $ENV{CUDA_PATH}/bin $ENV{CUDA_HOME}/bin /usr/local/cuda/bin /opt/cuda/bin)
  if(NOT TENON_NVCC)
    return()
  endif()
  execute_process(COMMAND ${TENON_NVCC} --version OUTPUT_VARIABLE said ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0 AND said MATCHES "release ([0-9]+\\.[0-9]+)")
    set(${version} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()

# Whether nvcc compiles a kernel: it may have no host compiler that it accepts. Found out once for each nvcc.
function(try_nvcc result version)
  get_filename_component(nvcc_folder ${TENON_NVCC} REALPATH)
  get_filename_component(nvcc_folder ${nvcc_folder} DIRECTORY)
  find_program(TENON_FATBINARY fatbinary HINTS ${nvcc_folder} $ENV{CUDA_PATH}/bin $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
  if(NOT TENON_FATBINARY)
    message(STATUS "${TENON_NVCC} has no fatbinary beside it")
    set(${result} FALSE PARENT_SCOPE)
    return()
  endif()
  if(NOT TENON_NVCC_TRIED STREQUAL "${TENON_NVCC} ${version}")
    execute_process(
      COMMAND ${TENON_NVCC} -std=c++17 -I${CMAKE_CURRENT_SOURCE_DIR}/native -DTENON_ISA=cuda --cubin
        -o ${CMAKE_CURRENT_BINARY_DIR}/nvcc-works.cubin
        ${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/kernels/about.cu
      RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
      message(STATUS "${TENON_NVCC} compiles nothing: ${said}")
      set(${result} FALSE PARENT_SCOPE)
      return()
    endif()
    set(TENON_NVCC_TRIED "${TENON_NVCC} ${version}" CACHE INTERNAL "An nvcc that works")
  endif()
  set(${result} TRUE PARENT_SCOPE)
endfunction()

# The architectures of the GPUs here that nvcc knows.
function(find_architectures result)
  find_program(TENON_NVIDIA_SMI nvidia-smi)
  set(found "")
  if(TENON_NVIDIA_SMI)
    execute_process(COMMAND ${TENON_NVIDIA_SMI} --query-gpu=compute_cap --format=csv,noheader
      OUTPUT_VARIABLE said ERROR_QUIET RESULT_VARIABLE status TIMEOUT 30)
    execute_process(COMMAND ${TENON_NVCC} --list-gpu-code OUTPUT_VARIABLE known ERROR_QUIET)
    if(status EQUAL 0)
      string(REGEX MATCHALL "[0-9]+\\.[0-9]" capabilities "${said}")
      foreach(capability ${capabilities})
        string(REPLACE "." "" architecture ${capability})
        if(NOT known MATCHES "sm_${architecture}[^0-9]")
          continue()
        endif()
        string(REGEX REPLACE "^90$" "90a" architecture ${architecture})
        list(APPEND found ${architecture})
      endforeach()
      list(REMOVE_DUPLICATES found)
    endif()
  endif()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# One command that compiles a source; its result is appended to `images`. What the file names that it depends on
# are is nvcc's own matter (the depfile); X.started says when it began.
function(compile_kernels output source)
  cmake_path(GET source STEM stem)
  set(options ${nvcc_options})
  if(stem STREQUAL random)
    list(APPEND options -fmad=false)  # the same bits as on the CPU
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E touch ${output}.started
    COMMAND ${TENON_NVCC} ${options} ${ARGN} -MMD -MF ${output}.d -MT ${output} -o ${output} ${source}
    DEPENDS ${source}
    DEPFILE ${output}.d
    COMMENT "Compiling CUDA kernels ${stem}"
    VERBATIM)
  set(images ${images} ${output} PARENT_SCOPE)
endfunction()

function(add_cuda_kernels)
  if(NOT TENON_CUDA MATCHES "^(AUTO|ON|OFF)$")
    message(FATAL_ERROR "TENON_CUDA: expected AUTO, ON or OFF, got '${TENON_CUDA}'")
  endif()
  if(TENON_CUDA STREQUAL OFF)
    message(STATUS "CUDA kernels: none (TENON_CUDA=OFF)")
    return()
  endif()
  find_nvcc(version)
  set(works FALSE)
  if(version)
    try_nvcc(works ${version})
  endif()
  if(NOT works AND TENON_CUDA STREQUAL ON)
    message(FATAL_ERROR "CUDA kernels: there is no nvcc that works, and TENON_CUDA is ON")
  elseif(NOT works)
    message(STATUS "CUDA kernels: none (there is no nvcc)")
    return()
  endif()
  find_program(NODE_EXECUTABLE node REQUIRED)

  set(nvcc_options -std=c++17 -O3 -I${CMAKE_CURRENT_SOURCE_DIR}/native -DTENON_ISA=cuda -DTENON_CUDA_KERNELS --expt-relaxed-constexpr)
  if(TENON_WERROR)
    list(APPEND nvcc_options -Werror all-warnings)
  endif()
  if(TENON_CUDA_ARCHITECTURES)
    set(architectures ${TENON_CUDA_ARCHITECTURES})
  elseif(TENON_CUDA_RELEASE)
    set(architectures ${release_architectures})
  else()
    find_architectures(architectures)
  endif()
  set(targets "")
  foreach(architecture ${architectures})
    list(APPEND targets -gencode=arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  set(ptx ${any_ptx})
  if(TENON_CUDA_RELEASE)
    set(ptx ${release_ptx})
  elseif(architectures)
    list(GET architectures 0 first)
    string(REGEX REPLACE "[a-z]$" "" ptx ${first})
  endif()
  list(APPEND targets -gencode=arch=compute_${ptx},code=compute_${ptx})
  # PTX that is marked as of an older version: made a fat binary afterwards.
  set(images_options --fatbinary ${TENON_FATBINARY})
  if(version VERSION_GREATER_EQUAL 12.8)
    list(APPEND targets --compress-mode=size)  # such files load under drivers of CUDA 12.4 and newer
    list(APPEND images_options --compress-modes)
  endif()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/cuda)
  file(MAKE_DIRECTORY ${folder})
  file(GLOB sources CONFIGURE_DEPENDS native/cuda/kernels/*.cu)
  set(images "")
  foreach(source ${sources})
    cmake_path(GET source STEM stem)
    if(architectures)
      compile_kernels(${folder}/${stem}.fatbin ${source} --fatbin ${targets})
    else()
      compile_kernels(${folder}/${stem}.ptx ${source} --ptx -arch=compute_${any_ptx})
    endif()
    if(TENON_CUDA_RELEASE)
      compile_kernels(${folder}/${stem}.sm_${any_ptx}.ptx ${source} --ptx -arch=compute_${any_ptx})
    endif()
  endforeach()
  if(NOT images)
    message(STATUS "CUDA kernels: none (there are no sources)")
    return()
  endif()

  set(file ${CMAKE_CURRENT_BINARY_DIR}/tenon_cuda.fatbin)
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/scripts/cuda/images.js)
  add_custom_command(
    OUTPUT ${file}
    COMMAND ${NODE_EXECUTABLE} ${script} --write ${file} ${images_options} ${images}
    DEPENDS ${images} ${script}
    COMMENT "Putting CUDA kernels into one file"
    VERBATIM)
  add_custom_target(tenon_cuda ALL DEPENDS ${file})
  list(TRANSFORM architectures PREPEND "sm_" OUTPUT_VARIABLE listed)
  list(APPEND listed "PTX for compute_${ptx}")
  list(JOIN listed ", " listed)
  message(STATUS "CUDA kernels: nvcc ${version}, ${listed}")
endfunction()

add_cuda_kernels()
if(NOT TARGET tenon_cuda)
  file(REMOVE ${CMAKE_CURRENT_BINARY_DIR}/tenon_cuda.fatbin)  # an earlier build's
endif()
