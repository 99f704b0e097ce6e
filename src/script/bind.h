/* script/bind.h - the libraries of the sandbox, one function each.
 *
 * Each sets its globals in the state and may raise. What a script must not do
 * is not there at all: no load, no coroutine, no os, io, package or debug, no
 * patterns (a pattern of 100 bytes can run for hours where no hook counts).
 */
#ifndef TK_SCRIPT_BIND_H
#define TK_SCRIPT_BIND_H

#include <lua.h>

/* assert error ipairs next pairs pcall rawequal rawget rawlen rawset select
 * setmetatable tonumber tostring type */
int tk_bind_base(lua_State *L);
/* math utf8, without what draws by chance or is a pattern */
int tk_bind_math(lua_State *L);
/* byte char ends_with find format len lower rep reverse split starts_with sub
 * trim upper; also as methods */
int tk_bind_string(lua_State *L);
/* concat insert pack remove sort unpack */
int tk_bind_table(lua_State *L);
/* base64 hex hmac sha256 time */
int tk_bind_codec(lua_State *L);
/* json */
int tk_bind_json(lua_State *L);

/* Replaces the value on top by its text, as the script's `tostring` does: no
 * address of memory, no secret. May raise. */
void tk_bind_base_to_text(lua_State *L);

#endif
