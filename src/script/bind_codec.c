#include "script/bind.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/date.h"
#include "script/box.h"
#include "script/opaque.h"
#include "vault/crypto.h"

#include <lauxlib.h>

static struct tk_str check_text(lua_State *L, int index)
{
    struct tk_str text;

    text.data = luaL_checklstring(L, index, &text.len);
    return text;
}

/* --- base64 and hex --- */

static int encode_as(lua_State *L, enum tk_base64 alphabet)
{
    struct tk_str bytes = check_text(L, 1);
    struct tk_box *box = tk_box_push(L);

    tk_base64_encode(&box->buf, bytes, alphabet);
    return tk_box_push_text(L, box);
}

static int decode_as(lua_State *L, enum tk_base64 alphabet)
{
    struct tk_str text = check_text(L, 1);
    struct tk_box *box = tk_box_push(L);

    if (tk_base64_decode(&box->buf, text, alphabet) == 0) {
        return tk_box_push_text(L, box);
    }
    tk_box_empty(box);
    lua_pushnil(L);
    lua_pushliteral(L, "not base64");
    return 2;
}

static int encode(lua_State *L)
{
    return encode_as(L, TK_BASE64_STANDARD);
}

static int encode_url(lua_State *L)
{
    return encode_as(L, TK_BASE64_URL);
}

static int decode(lua_State *L)
{
    return decode_as(L, TK_BASE64_STANDARD);
}

static int decode_url(lua_State *L)
{
    return decode_as(L, TK_BASE64_URL);
}

static int hex(lua_State *L)
{
    static const char digits[] = "0123456789abcdef";
    struct tk_str bytes = check_text(L, 1);
    luaL_Buffer buffer;

    luaL_buffinit(L, &buffer);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];

        luaL_addchar(&buffer, digits[c >> 4]);
        luaL_addchar(&buffer, digits[c & 15]);
    }
    luaL_pushresult(&buffer);
    return 1;
}

/* --- digests: raw bytes --- */

static int push_digest(lua_State *L, int len, const unsigned char *digest)
{
    if (len < 0) return luaL_error(L, "%s", tk_err_text(len));
    lua_pushlstring(L, (const char *)digest, (size_t)len);
    return 1;
}

static int sha256(lua_State *L)
{
    unsigned char digest[TK_DIGEST_MAX];

    return push_digest(L, tk_digest(TK_SHA256, check_text(L, 1), digest),
                       digest);
}

/* hmac(kind, key, text): the key may be a secret. */
static int hmac(lua_State *L)
{
    unsigned char digest[TK_DIGEST_MAX];
    struct tk_secret *secret = tk_opaque_get(L, 2);
    struct tk_str text = check_text(L, 3);
    enum tk_digest kind;
    struct tk_str key;

    if (!tk_digest_parse(check_text(L, 1), &kind)) {
        return luaL_argerror(L, 1, "\"sha1\", \"sha256\" or \"sha512\"");
    }
    key = secret != NULL ? tk_secret_bytes(secret) : check_text(L, 2);
    return push_digest(L, tk_hmac(kind, key, text, digest), digest);
}

/* --- time --- */

static int now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)tk_clock_wall_ms() / 1000);
    return 1;
}

static int parse_rfc3339(lua_State *L)
{
    int64_t wall_ms;

    if (tk_date_parse_rfc3339(check_text(L, 1), &wall_ms) != 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushnumber(L, (lua_Number)wall_ms / 1000);
    return 1;
}

int tk_bind_codec(lua_State *L)
{
    static const luaL_Reg base64[] = {
        {"decode", decode}, {"decode_url", decode_url},
        {"encode", encode}, {"encode_url", encode_url},
        {NULL, NULL},
    };
    static const luaL_Reg time[] = {
        {"now", now}, {"parse_rfc3339", parse_rfc3339}, {NULL, NULL}};

    luaL_newlib(L, base64);
    lua_setglobal(L, "base64");
    luaL_newlib(L, time);
    lua_setglobal(L, "time");
    lua_register(L, "hex", hex);
    lua_register(L, "hmac", hmac);
    lua_register(L, "sha256", sha256);
    return 0;
}
