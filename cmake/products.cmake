# What tokeng is made of for its users: a library, a program, Lua files.

# What a host program loads: libc alone, and nothing seen but tokeng_*.
# nodelete: a host that unloads it may still hold pointers into it.
add_library(tokeng SHARED)
add_library(tokeng::tokeng ALIAS tokeng)
tokeng_link(tokeng base cache reader)
target_include_directories(tokeng PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_options(tokeng PRIVATE -Wl,-z,nodelete)
if(NOT TOKENG_SANITIZE) # clang leaves the sanitizer's own symbols open
  target_link_options(tokeng PRIVATE -Wl,--no-undefined)
endif()
set_target_properties(tokeng PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION 0
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# The engine for hosts in C: libtokeng loads it, and it shows one function.
add_library(tokeng_engine SHARED)
add_library(tokeng::engine ALIAS tokeng_engine)
tokeng_rooms_under(embed engine_rooms)
list(REMOVE_ITEM engine_rooms reader fake sim)
tokeng_link(tokeng_engine ${engine_rooms})
target_link_options(tokeng_engine PRIVATE -Wl,-z,nodelete)
if(NOT TOKENG_SANITIZE)
  target_link_options(tokeng_engine PRIVATE -Wl,--no-undefined)
endif()
set_target_properties(tokeng_engine PROPERTIES
  OUTPUT_NAME tokeng-engine EXPORT_NAME engine
  VERSION ${PROJECT_VERSION} SOVERSION 0
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

add_executable(tokeng_cli ${PROJECT_SOURCE_DIR}/src/cli/main.c)
tokeng_link(tokeng_cli ${tokeng_rooms})
set_target_properties(tokeng_cli PROPERTIES
  OUTPUT_NAME tokeng RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

# The program finds its Lua files at ../share/tokeng as seen from itself, so
# the build tree has the shape of an installation.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/tokeng)
foreach(folder lua policies)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder}
    ${PROJECT_BINARY_DIR}/share/tokeng/${folder} SYMBOLIC)
endforeach()
# The page of `tokeng simulate --html` is put together from these; d3 is the
# system's, a copy of it is installed with them.
find_file(TOKENG_D3 d3.min.js PATHS /usr/share/javascript/d3 NO_DEFAULT_PATH)
if(NOT TOKENG_D3)
  message(FATAL_ERROR "d3.min.js (Debian's libjs-d3) is not there: run "
    "scripts/setup run, or configure with -DTOKENG_D3=FILE, version 3")
endif()
set(web simulate.html simulate.css charts.js simulate.js)
list(TRANSFORM web PREPEND ${PROJECT_SOURCE_DIR}/web/)
list(APPEND web ${TOKENG_D3})
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/tokeng/web)
foreach(path IN LISTS web)
  get_filename_component(name ${path} NAME)
  file(CREATE_LINK ${path} ${PROJECT_BINARY_DIR}/share/tokeng/web/${name}
    SYMBOLIC)
endforeach()

set(share ${CMAKE_INSTALL_DATADIR}/tokeng)
install(FILES ${web} DESTINATION ${share}/web)
install(DIRECTORY lua/tokeng DESTINATION ${share}/lua FILES_MATCHING PATTERN *.lua)
install(DIRECTORY policies/ DESTINATION ${share}/policies
  FILES_MATCHING PATTERN *.lua)
if(EXISTS ${PROJECT_SOURCE_DIR}/lua/resty)
  # Where LuaJIT, and so OpenResty, looks for modules written in Lua.
  install(DIRECTORY lua/resty DESTINATION ${CMAKE_INSTALL_DATADIR}/lua/5.1
    FILES_MATCHING PATTERN *.lua)
endif()

install(TARGETS tokeng_cli)
install(TARGETS tokeng tokeng_engine EXPORT tokeng)
install(FILES include/tokeng.h TYPE INCLUDE)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tokeng)
install(EXPORT tokeng NAMESPACE tokeng:: FILE tokengConfig.cmake
  DESTINATION ${package})
write_basic_package_version_file(tokengConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tokengConfigVersion.cmake
  DESTINATION ${package})
# From <prefix>/<libdir>/pkgconfig back to <prefix>, so that an installed tree
# can be moved.
file(RELATIVE_PATH TOKENG_PC_PREFIX
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/tokeng.pc.in tokeng.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tokeng.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
