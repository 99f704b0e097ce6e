# The tests. ctest runs them all; nothing here is listed by hand.

function(tokeng_needs what found)
  if(NOT found)
    message(FATAL_ERROR "the tests need ${what}: run scripts/setup test, "
      "or configure with -DBUILD_TESTING=OFF")
  endif()
endfunction()
pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
tokeng_needs(cmocka "${cmocka_FOUND}")
foreach(name lua5.4 busted luacheck luajit clang-format chromium)
  string(MAKE_C_IDENTIFIER ${name} variable)
  string(TOUPPER TOKENG_${variable} variable)
  find_program(${variable} ${name})
  tokeng_needs(${name} "${${variable}}")
endforeach()

# unit.<room>.<file>: tests/unit/<room>/test_<file>.c with the room that it
# is about and the rooms below.
file(GLOB unit_files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/tests/unit/*/test_*.c)
foreach(path IN LISTS unit_files)
  string(REGEX MATCH "unit/([^/]+)/test_(.+)[.]c$" matched ${path})
  set(room ${CMAKE_MATCH_1})
  set(unit ${CMAKE_MATCH_2})
  set(name test_${room}_${unit})
  tokeng_rooms_under(${room} rooms)
  add_executable(${name} ${PROJECT_SOURCE_DIR}/${path})
  tokeng_link(${name} ${rooms})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE PkgConfig::cmocka)
  # Seen, so that a test may stand in for a function of a foreign library.
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET default
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME unit.${room}.${unit} COMMAND ${name}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(unit.${room}.${unit} PROPERTIES LABELS unit)
endforeach()

# house.<rule>: what holds for the source itself. The same in every build, so
# the sanitized ones leave it to the plain one.
function(tokeng_house rule)
  add_test(NAME house.${rule} COMMAND ${ARGN}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(house.${rule} PROPERTIES LABELS house)
endfunction()
set(house ${PROJECT_SOURCE_DIR}/tests/house)
if(NOT TOKENG_SANITIZE)
  foreach(rule layers listed mutants policies regressions sizes)
    tokeng_house(${rule} ${TOKENG_LUA5_4} ${house}/${rule}.lua .)
  endforeach()
  tokeng_house(format ${TOKENG_LUA5_4} ${house}/format.lua .
    ${TOKENG_CLANG_FORMAT})
  tokeng_house(luacheck ${TOKENG_LUACHECK} --no-color -q
    lua policies tests examples)
  tokeng_house(exports ${TOKENG_LUA5_4} ${house}/exports.lua
    $<TARGET_FILE:tokeng> ${house}/exports.txt)
  tokeng_house(exports_engine ${TOKENG_LUA5_4} ${house}/exports.lua
    $<TARGET_FILE:tokeng_engine> ${house}/exports_engine.txt)
  tokeng_house(needs ${TOKENG_LUA5_4} ${house}/needs.lua $<TARGET_FILE:tokeng>)
  tokeng_house(ffi ${TOKENG_LUAJIT} ${house}/ffi.lua
    ${PROJECT_SOURCE_DIR}/include/tokeng.h $<TARGET_FILE:tokeng>)
  tokeng_house(resty ${TOKENG_LUA5_4} ${house}/resty.lua
    ${PROJECT_SOURCE_DIR}/include/tokeng.h
    ${PROJECT_SOURCE_DIR}/lua/resty/tokeng/native.lua)
  tokeng_house(selftest ${TOKENG_LUA5_4} ${house}/selftest.lua
    ${CMAKE_C_COMPILER} ${TOKENG_LUACHECK} ${TOKENG_CLANG_FORMAT}
    ${TOKENG_LUAJIT})
endif()

# <prefix>.<name> for every spec under `folder`: one busted run each. By
# lua5.4 and by name, because Debian's busted may start another Lua.
function(tokeng_specs prefix folder lpath)
  set(root ${PROJECT_SOURCE_DIR}/${folder})
  file(GLOB_RECURSE specs CONFIGURE_DEPENDS RELATIVE ${root}
    ${root}/*_spec.lua)
  list(FILTER specs EXCLUDE REGEX "node_modules/")
  foreach(spec IN LISTS specs)
    string(REGEX REPLACE "_spec[.]lua$" "" name ${spec})
    string(REPLACE "/" "." name ${name})
    set(label ${prefix})
    set(when)
    if(name MATCHES "^torture[.]")
      set(label torture)
      set(when CONFIGURATIONS torture)
    else()
      set(name ${prefix}.${name})
    endif()
    add_test(NAME ${name} ${when}
      COMMAND ${TOKENG_LUA5_4} ${TOKENG_BUSTED} --ignore-lua ${ARGN}
        --lpath=${lpath} ${folder}/${spec}
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label} ENVIRONMENT
      "TOKENG_BIN=${PROJECT_BINARY_DIR}/bin/tokeng;TOKENG_BUILD=${PROJECT_BINARY_DIR};TOKENG_CHROMIUM=${TOKENG_CHROMIUM}")
    if(when)
      set_tests_properties(${name} PROPERTIES TIMEOUT 3600)
    endif()
  endforeach()
endfunction()
# Preloaded into a program whose clocks a spec steps.
add_library(clocks MODULE ${PROJECT_SOURCE_DIR}/tests/e2e/support/clocks.c)
# Preloaded into one whose allocations or system calls fail. Not beside a
# sanitizer, whose own these are.
add_library(faults MODULE ${PROJECT_SOURCE_DIR}/tests/faults/faults.c)
set_target_properties(clocks faults PROPERTIES PREFIX ""
  C_VISIBILITY_PRESET default
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

tokeng_specs(lua tests/lua "lua/?.lua$<SEMICOLON>tests/lua/?.lua")
tokeng_specs(e2e tests/e2e "tests/e2e/?.lua$<SEMICOLON>tests/lua/?.lua"
  --helper=tests/e2e/support/helper.lua)
# Some thirty seconds on a quiet machine.
set_tests_properties(e2e.starved PROPERTIES TIMEOUT 300)
if(NOT TOKENG_SANITIZE) # nginx has no sanitizer, nor have other hosts
  foreach(name host reader)
    add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/hosts/${name}.c)
    target_link_libraries(${name} PRIVATE tokeng_flags tokeng)
  endforeach()
  add_library(other_malloc MODULE ${PROJECT_SOURCE_DIR}/tests/hosts/malloc.c)
  set_target_properties(host reader other_malloc PROPERTIES PREFIX ""
    C_VISIBILITY_PRESET default
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  tokeng_specs(hosts tests/hosts
    "tests/nginx/?.lua$<SEMICOLON>tests/e2e/?.lua"
    --helper=tests/e2e/support/helper.lua)
  tokeng_specs(nginx tests/nginx
    "tests/nginx/?.lua$<SEMICOLON>tests/e2e/?.lua"
    --helper=tests/e2e/support/helper.lua)
endif()
if(NOT TOKENG_SANITIZE)
  add_test(NAME torture.mutants CONFIGURATIONS torture
    COMMAND ${TOKENG_LUA5_4} ${PROJECT_SOURCE_DIR}/tests/mutants/run.lua
      ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/mutants
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(torture.mutants PROPERTIES LABELS torture TIMEOUT 1800
    RUN_SERIAL ON)
endif()
if(NOT TOKENG_SANITIZE) # a stranger's program has no sanitizer
  add_test(NAME e2e.install
    COMMAND tests/e2e/install.sh ${PROJECT_BINARY_DIR} ${CMAKE_COMMAND}
      ${CMAKE_INSTALL_LIBDIR}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(e2e.install PROPERTIES LABELS e2e)
endif()
