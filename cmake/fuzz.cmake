# fuzz.<target>: tests/fuzz/<target>.c. Where the compiler brings the fuzzer
# (the preset "fuzz") it looks for new inputs, for a while; in every other
# build the same file runs over its corpus.

# Functions of ours that a target stands in for.
set(fuzz_wraps_answer tk_client_send tk_transfer_drop)
set(fuzz_wraps_config tk_secret_read)
set(fuzz_wraps_wire tk_wire_link_dial)

set(fuzz_root ${PROJECT_SOURCE_DIR}/tests/fuzz)
file(GLOB fuzz_files CONFIGURE_DEPENDS ${fuzz_root}/*.c)
list(REMOVE_ITEM fuzz_files ${fuzz_root}/replay.c)
add_custom_target(fuzz)

function(tokeng_fuzz_hunt target name)
  set(found ${PROJECT_BINARY_DIR}/fuzz/${target}) # inputs, beside the program
  file(MAKE_DIRECTORY ${found}/new ${found}/bad)
  set(options -timeout=20 -rss_limit_mb=1024 -artifact_prefix=${found}/bad/)
  if(EXISTS ${fuzz_root}/dict/${target})
    list(APPEND options -dict=${fuzz_root}/dict/${target})
  endif()
  # It keeps what it finds in the first folder, for its next run.
  list(APPEND options ${found}/new ${fuzz_root}/corpus/${target})
  add_test(NAME fuzz.${target} COMMAND ${name} -max_total_time=5 ${options})
  add_test(NAME fuzz.${target}.long CONFIGURATIONS torture
    COMMAND ${name} -max_total_time=180 ${options})
  set_tests_properties(fuzz.${target}.long PROPERTIES LABELS "fuzz;torture"
    TIMEOUT 400)
endfunction()

foreach(path IN LISTS fuzz_files)
  get_filename_component(target ${path} NAME_WE)
  set(name fuzz_${target})
  add_executable(${name} ${path})
  tokeng_link(${name} ${tokeng_rooms})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  foreach(function IN LISTS fuzz_wraps_${target})
    target_link_options(${name} PRIVATE -Wl,--wrap=${function})
  endforeach()
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  add_dependencies(fuzz ${name})
  if(TOKENG_SANITIZE STREQUAL "fuzz")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    tokeng_fuzz_hunt(${target} ${name})
  else()
    target_sources(${name} PRIVATE ${fuzz_root}/replay.c)
    add_test(NAME fuzz.${target} COMMAND ${name} ${fuzz_root}/corpus/${target})
  endif()
  set_tests_properties(fuzz.${target} PROPERTIES LABELS fuzz)
endforeach()
