# The programs of the benchmarks, in tests/bench/programs. No part of a normal
# build: `cmake --build --preset release --target bench`.
set(programs ${PROJECT_SOURCE_DIR}/tests/bench/programs)

add_executable(bench_client EXCLUDE_FROM_ALL ${programs}/client.c
  ${programs}/join_epoll.c ${programs}/join_multi_uv.c)
target_link_libraries(bench_client PRIVATE tokeng_flags PkgConfig::uv
  PkgConfig::curl)

foreach(name fill policy refresh)
  add_executable(bench_${name} EXCLUDE_FROM_ALL ${programs}/${name}.c)
  tokeng_rooms_under(engine rooms)
  tokeng_link(bench_${name} ${rooms})
endforeach()

add_executable(bench_herd EXCLUDE_FROM_ALL ${programs}/herd.c)
target_link_libraries(bench_herd PRIVATE tokeng_flags)

add_executable(bench_get EXCLUDE_FROM_ALL ${programs}/get.c
  ${programs}/field.c ${programs}/rivals.c)
tokeng_rooms_under(reader rooms)
tokeng_link(bench_get ${rooms})
target_link_libraries(bench_get PRIVATE m)

add_custom_target(bench)
foreach(name client fill get herd policy refresh)
  add_dependencies(bench bench_${name})
  # Beside the program, so that they find the same Lua files.
  set_target_properties(bench_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endforeach()
