# Hides whisper.cpp's copy of ggml, so that it can be linked beside llama.cpp's.
#
# `whisper-rs-sys` bundles ggml 0.9.5 and `llama-cpp-sys-2` bundles a newer ggml with the same
# symbol names and another ABI. Linking both fails with duplicate symbols; letting the linker pick one
# would mix two ABIs and crash at run time. So the static libraries of whisper.cpp are joined into one
# relocatable object in which every symbol but `whisper_*` is local.
#
# Both build scripts hand CMAKE_PROJECT_INCLUDE (set in .cargo/config.toml) to CMake, which runs this
# file at each `project()` call. It does nothing unless the project is whisper.cpp's; what llama.cpp's
# needs is in a file of its own.
include("${CMAKE_CURRENT_LIST_DIR}/lean_llama.cmake")
if(NOT PROJECT_NAME STREQUAL "whisper.cpp" OR NOT UNIX OR APPLE)
  return()
endif()
get_property(_fd_hidden GLOBAL PROPERTY FRONTDESK_WHISPER_HIDDEN)
if(_fd_hidden)
  return() # whisper.cpp calls project() twice
endif()
set_property(GLOBAL PROPERTY FRONTDESK_WHISPER_HIDDEN TRUE)

# STB_GNU_UNIQUE symbols cannot be made local by objcopy, so GNU C++ must not make any.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS} -fno-gnu-unique")
endif()

function(frontdesk_hide_whisper_ggml)
  if(NOT TARGET whisper OR NOT TARGET ggml-cpu)
    message(FATAL_ERROR "native/hide_whisper_ggml.cmake: whisper.cpp's targets have other names now")
  endif()
  set(joined "${CMAKE_BINARY_DIR}/frontdesk_whisper_joined.o")
  # A GPU build has a library of its own for each backend.
  set(parts whisper ggml ggml-base ggml-cpu)
  foreach(backend ggml-cuda ggml-vulkan)
    if(TARGET ${backend})
      list(APPEND parts ${backend})
    endif()
  endforeach()
  set(files "")
  set(emptied "")
  foreach(part ${parts})
    list(APPEND files $<TARGET_FILE:${part}>)
    if(NOT part STREQUAL "whisper")
      list(APPEND emptied COMMAND ${CMAKE_AR} qcs $<TARGET_FILE:${part}>)
    endif()
  endforeach()
  # --force-group-allocation dissolves COMDAT groups: without it the final link keeps one copy of a
  # template for both engines, which links, and crashes at start.
  add_custom_target(frontdesk_hidden_whisper ALL
    COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${joined} --whole-archive
            ${files}
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=whisper_* ${joined}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${files}
    COMMAND ${CMAKE_AR} qcs $<TARGET_FILE:whisper> ${joined}
    ${emptied}
    DEPENDS ${parts}
    VERBATIM
    COMMENT "Hiding whisper.cpp's ggml")
endfunction()
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL frontdesk_hide_whisper_ggml)
