# A room is one object library, tk_<name>, made of files of src/<name>/.

# Every room declared after this stands on `floor`.
macro(tokeng_floor floor)
  set(tokeng_floor_now ${floor})
endmacro()

# tokeng_room(name file...)
macro(tokeng_room name)
  set(tokeng_files ${ARGN})
  list(TRANSFORM tokeng_files PREPEND ${PROJECT_SOURCE_DIR}/src/${name}/)
  add_library(tk_${name} OBJECT ${tokeng_files})
  target_link_libraries(tk_${name} PRIVATE tokeng_flags)
  # Here and not in the tests: cmocka's macros convert freely.
  target_compile_options(tk_${name} PRIVATE -Wconversion)
  set(tokeng_floor_${name} ${tokeng_floor_now})
  list(APPEND tokeng_rooms ${name})
endmacro()

# The foreign libraries of a room; whoever links the room links them too.
function(tokeng_uses name)
  target_link_libraries(tk_${name} PUBLIC ${ARGN})
endfunction()

# Links `target` with the given rooms.
function(tokeng_link target)
  list(TRANSFORM ARGN PREPEND tk_)
  target_link_libraries(${target} PRIVATE tokeng_flags ${ARGN})
endfunction()

# Sets `out` to `name` and the rooms on the floors below it.
function(tokeng_rooms_under name out)
  set(found ${name})
  foreach(room IN LISTS tokeng_rooms)
    if(tokeng_floor_${room} LESS tokeng_floor_${name})
      list(APPEND found ${room})
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()
