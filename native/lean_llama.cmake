# Builds less of llama.cpp, and sooner.
#
# Left out is most of its library "common": its own command line, downloads, chat templates and their parsers. The feature
# "common" of `llama-cpp-2` is wanted for one function (a JSON Schema becomes a grammar) and what its wrapper names besides.
# The rest was two fifths of the engine's build and is not in the program anyway, since the linker takes from an
# archive only the objects that something needs. If a newer version needs another file, the link names what is missing.
if(NOT PROJECT_NAME STREQUAL "llama.cpp")
  return()
endif()

function(frontdesk_lean_common)
  if(NOT TARGET llama-common)
    return()
  endif()
  set(needed common fit json json-schema json-schema-to-grammar log ngram-cache ngram-map ngram-mod reasoning-budget
             sampling speculative trie unicode)
  get_target_property(folder llama-common SOURCE_DIR)
  get_target_property(sources llama-common SOURCES)
  foreach(source ${sources})
    get_filename_component(name "${source}" NAME_WE)
    get_filename_component(ending "${source}" EXT)
    if(ending STREQUAL ".cpp" AND NOT name IN_LIST needed)
      get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${folder}")
      set_source_files_properties("${source}" TARGET_DIRECTORY llama-common PROPERTIES HEADER_FILE_ONLY ON)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL frontdesk_lean_common)

# Compiles the models' graphs, 157 small files behind the same large headers, twenty at a time: a quarter of the time.
function(frontdesk_join_models)
  get_target_property(folder llama SOURCE_DIR)
  get_target_property(sources llama SOURCES)
  foreach(source ${sources})
    if(source MATCHES "\\.cpp$" AND NOT source MATCHES "models/")
      get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${folder}")
      set_source_files_properties("${source}" TARGET_DIRECTORY llama PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
  set_target_properties(llama PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 20)
endfunction()
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL frontdesk_join_models)
